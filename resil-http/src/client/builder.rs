//! What can be set of a client.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::redirect;
use resil_runtime::bulkhead::BulkheadPolicy;
use resil_runtime::circuit::CircuitPolicy;
#[cfg(feature = "hedge")]
use resil_runtime::hedge::HedgePolicy;
use resil_runtime::rate_limit::RateLimitPolicy;
use resil_runtime::retry::RetryPolicy;
use resil_runtime::{Stack, classify};

use super::connecting::TellConnecting;
use super::deadline::DeadlineHeader;
use super::error::ClientError;
use super::handle::Client;
use super::limits;
use super::mesh::{Mesh, RetriedBy};
use super::policies;
use super::redirecting::telling_redirects;
use super::refused::BuildError;
use super::settings::Settings;
use super::stats::CallsUnderWay;
use super::target::{Target, base_url};
use crate::balance::{Balancer, Counted, Endpoint, Endpoints, Pool, PooledClient, Watched};
use crate::outcome::{Head, HttpOutcome};
use crate::shown::{shown, shown_text};
use crate::tls::HAS_TLS;

/// A client that is being put together. [`Client::builder`] begins one.
#[must_use = "a client is made by `build`"]
pub struct Builder {
    name: String,
    base: Option<String>,
    limits: limits::Given,
    policies: policies::Given,
    mesh: Mesh,
    retried_by: RetriedBy,
    deadline_headers: Vec<DeadlineHeader>,
    deadline_margin: Duration,
    adds_keys: bool,
    repeat_if: Option<fn(&Head<'_>) -> bool>,
    endpoints: Option<Endpoints>,
    balancer: Option<Balancer>,
    pool: Pool,
    http: Vec<Set>,
    redirect: redirect::Policy,
}

/// Sets something of reqwest's builder. The pool makes its clients anew from time to time.
type Set = Box<dyn Fn(reqwest::ClientBuilder) -> reqwest::ClientBuilder + Send + Sync>;

impl Client {
    /// Begins a client whose policies have the state of `name`: its breaker is `resil::breaker(name)`.
    pub fn builder(name: impl Into<String>) -> Builder {
        Builder::new(name.into())
    }
}

impl Builder {
    fn new(name: String) -> Self {
        Self {
            name,
            base: None,
            limits: limits::Given::default(),
            policies: policies::Given::default(),
            mesh: Mesh::None,
            retried_by: RetriedBy::Client,
            deadline_headers: Vec::new(),
            deadline_margin: Duration::from_millis(5),
            adds_keys: false,
            repeat_if: None,
            endpoints: None,
            balancer: None,
            pool: Pool::new(),
            http: Vec::new(),
            redirect: redirect::Policy::default(),
        }
    }

    /// Sets the URL that the path of each request is appended to: `http://pay:8080/v1`. No path leads out of
    /// it. Default: none, and each request has a whole URL.
    ///
    /// A name and a password in a URL are sent as `Authorization`, unless the request has one itself.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base = Some(url.into());
        self
    }

    /// Sets the limit for a connection: its name looked up, and its TLS agreed on. Default: 3 s, or half of
    /// `attempt` if that is shorter.
    pub fn connect(mut self, limit: Duration) -> Self {
        self.limits.connect = Some(limit);
        self
    }

    /// Sets for how long no byte of the answer may come: until its whole head is there, counted from when the
    /// request has been sent, and then from one part of the body to the next, while somebody waits for it.
    /// Default: the limit `attempt`.
    pub fn read(mut self, limit: Duration) -> Self {
        self.limits.read = Some(limit);
        self
    }

    /// Sets for how long the body of a request may make no progress. Progress is a part of 16 KiB, or of a
    /// stream, that the connection takes; so a body that fits into the buffers of this machine (one below
    /// 64 KiB always) counts as sent at once. Default: half of `attempt`.
    pub fn write(mut self, limit: Duration) -> Self {
        self.limits.write = Some(limit);
        self
    }

    /// Sets the limit of one request with its redirects: from the connection to the head of the answer.
    /// Reading the body is not part of it. Default: a third of `total`.
    pub fn attempt(mut self, limit: Duration) -> Self {
        self.limits.attempt = Some(limit);
        self
    }

    /// Sets the limit of the whole call: all attempts and the pauses between them, the waits of the policies,
    /// and reading the body of the answer. Default: 30 s.
    pub fn total(mut self, limit: Duration) -> Self {
        self.limits.total = Some(limit);
        self
    }

    /// Sets how requests are retried. Only what may be repeated is: requests of idempotent methods, those with
    /// an `Idempotency-Key`, and those that were not sent. Default: [`RetryPolicy::new`], three attempts and a
    /// budget.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.policies.retry = Some(policy);
        self.policies.no_retry = false;
        self
    }

    /// Removes the retry.
    pub fn no_retry(mut self) -> Self {
        self.policies.retry = None;
        self.policies.no_retry = true;
        self
    }

    /// Adds a circuit breaker around the retry. Default: none.
    pub fn circuit(mut self, policy: CircuitPolicy) -> Self {
        self.policies.circuit = Some(policy);
        self
    }

    /// Bounds the number of calls at once. A call gives its place back when the head of its answer is there.
    /// Default: no bound.
    pub fn bulkhead(mut self, policy: BulkheadPolicy) -> Self {
        self.policies.bulkhead = Some(policy);
        self
    }

    /// Bounds the number of calls in a time, outside all other policies. Default: no bound.
    pub fn rate_limit(mut self, policy: RateLimitPolicy) -> Self {
        self.policies.rate_limit = Some(policy);
        self
    }

    /// Sends a second copy of an attempt that gives no answer in time, if the request may be sent twice and
    /// has no stream as its body. Default: none.
    #[cfg(feature = "hedge")]
    pub fn hedge(mut self, policy: HedgePolicy) -> Self {
        self.policies.hedge = Some(policy);
        self
    }

    /// Sets the policies as a whole, and with the state of the stack's name, in place of those above and of
    /// the default retry. Its timeouts come on top of the limits of the client, and end a call with
    /// [`ClientError::Refused`].
    pub fn stack(mut self, stack: Stack) -> Self {
        self.policies.stack = Some(stack);
        self
    }

    /// Adds an `Idempotency-Key` to each request whose method is not idempotent, unless it has one: a random
    /// UUID, the same for all attempts of a call. Such requests are then retried as others are, so the other
    /// side has to know the header. Default: none is added.
    pub fn idempotency_keys(mut self) -> Self {
        self.adds_keys = true;
        self
    }

    /// Also takes a request for one that may be sent twice if `repeat_if` returns true: a `POST` that only
    /// reads, say. Default: none but those of idempotent methods and with an `Idempotency-Key`.
    pub fn repeat_if(mut self, repeat_if: fn(&Head<'_>) -> bool) -> Self {
        self.repeat_if = Some(repeat_if);
        self
    }

    /// Adds a header that tells the other side how much time is left for the call: of `total`, or of the
    /// [deadline](resil_runtime::Deadline) of the caller if that is sooner. It replaces one that a request has
    /// itself. Default: none.
    pub fn deadline_header(mut self, header: DeadlineHeader) -> Self {
        self.deadline_headers.push(header);
        self
    }

    /// Sets what is taken from the time that is told to the other side, for the way there and back. A call with
    /// no more than that left is not sent. Default: 5 ms.
    pub fn deadline_margin(mut self, margin: Duration) -> Self {
        self.deadline_margin = margin;
        self
    }

    /// Sets the mesh that the client runs behind. Default: none.
    pub fn mesh(mut self, mesh: Mesh) -> Self {
        self.mesh = mesh;
        self
    }

    /// Sets who retries: this client, or the mesh. Default: the client.
    pub fn retried_by(mut self, who: RetriedBy) -> Self {
        self.retried_by = who;
        self
    }

    /// Sets which redirects are followed. An attempt is one request with its redirects. Default: reqwest's
    /// own, up to ten.
    ///
    /// Set it here and not on reqwest's builder: what fails after a redirect has failed a request that was
    /// sent, and the client has to see that. A body of more than 64 KiB, or a stream, is not sent again for a
    /// redirect of status 307 or 308; that answer comes back as it is.
    pub fn redirect(mut self, policy: redirect::Policy) -> Self {
        self.redirect = policy;
        self
    }

    /// Sets the endpoints among which each attempt picks one, by peak EWMA, and another one than the attempts of
    /// the call before. Those that fail are taken out for a while. The name of the balancer is that of the
    /// client with `.endpoints`. Default: none, and a request goes to the host of its URL.
    ///
    /// ```no_run
    /// # fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// use resil_http::balance::Endpoints;
    /// use resil_http::client::Client;
    ///
    /// let endpoints = Endpoints::list(["http://10.0.0.3:8080", "http://10.0.0.4:8080"])?;
    /// let pay = Client::builder("pay").endpoints(endpoints).build()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn endpoints(mut self, endpoints: impl Into<Endpoints>) -> Self {
        self.endpoints = Some(endpoints.into());
        self.balancer = None;
        self
    }

    /// Sets what picks the endpoint of each attempt, with settings of its own, in place of
    /// [`endpoints`](Self::endpoints).
    pub fn balancer(mut self, balancer: Balancer) -> Self {
        self.balancer = Some(balancer);
        self.endpoints = None;
        self
    }

    /// Sets how many connections stay open, for how long, and how they are kept alive. Default: [`Pool::new`].
    pub fn pool(mut self, pool: Pool) -> Self {
        self.pool = pool;
        self
    }

    /// Sets the rest on reqwest's builder: cookies, proxies, TLS, default headers. `set` is called each time that
    /// the pool makes its client anew, when it has reached its [age](Pool::max_age); what has to outlive that, a
    /// jar of cookies, belongs into an `Arc` that it shares.
    ///
    /// The limits are those of this builder, and the pool is that of [`pool`](Self::pool). `connect_timeout`,
    /// `redirect` and `retry` are replaced by what is set here; leave `timeout` and `read_timeout` alone, as reqwest
    /// does not say which of its limits has passed.
    pub fn http(
        mut self,
        set: impl Fn(reqwest::ClientBuilder) -> reqwest::ClientBuilder + Send + Sync + 'static,
    ) -> Self {
        self.http.push(Box::new(set));
        self
    }

    /// Makes the client.
    ///
    /// # Errors
    ///
    /// Says which setting is wrong, and what to write instead: a limit that never fires, a base URL that is
    /// none, a policy that breaks a rule of [`Stack`], or what reqwest refuses.
    pub fn build(self) -> Result<Client, BuildError> {
        let limits = self.limits.resolve()?;
        // Each attempt puts its endpoint in the place of this host.
        let is_balanced = self.endpoints.is_some() || self.balancer.is_some();
        let base = self
            .base
            .as_deref()
            .or(is_balanced.then_some("http://endpoint"));
        let base = base.map(base_url).transpose()?;
        // That of a client with endpoints gives way to theirs.
        let base_of_https = base
            .as_ref()
            .filter(|base| !is_balanced && base.scheme() == "https");
        let url = base_of_https
            .map(shown)
            .or_else(|| self.first_https().map(|endpoint| endpoint.to_string()));
        if let Some(url) = url.filter(|_| !HAS_TLS) {
            return Err(BuildError::NoTls { url });
        }
        if self.mesh == Mesh::None && self.retried_by == RetriedBy::Mesh {
            return Err(BuildError::NoMesh);
        }
        let stack = self.policies.resolve(&self.name, &limits)?;
        let balancer = match (self.balancer, self.endpoints) {
            (Some(balancer), _) => Some(balancer),
            (None, None) => None,
            (None, Some(endpoints)) => {
                let name = format!("{}.endpoints", self.name);
                Some(Balancer::new(name, endpoints)?)
            }
        };
        let (sets, redirect) = (self.http, Arc::new(self.redirect));
        let tells = limits.need_connector();
        // Where the connector is watched anyway, counting costs nothing.
        let counted = (tells || self.pool.counts_connections()).then(Counted::default);
        let watch = counted.clone();
        let watch = watch.map(|counted| Watched(TellConnecting { tells, counted }));
        let http = PooledClient::by_name(self.pool, counted, move || {
            let builder = sets
                .iter()
                .fold(reqwest::Client::builder(), |builder, set| set(builder));
            let builder = match watch.clone() {
                Some(watch) => builder.connector_layer(watch),
                None => builder,
            };
            builder
                .connect_timeout(limits.connect)
                // Reqwest would send any request again that HTTP/2 says was refused. HAProxy says so of requests that
                // its backend has begun, too; and these attempts would be counted nowhere.
                .retry(reqwest::retry::never().max_retries_per_request(0))
                .redirect(telling_redirects(Arc::clone(&redirect)))
        })
        .map_err(BuildError::Http)?;
        // So that a policy that runs as a value finds the class of these errors, wrapped or not.
        classify::register::<ClientError>();
        Ok(Client::new(Settings {
            name: stack.name(),
            under_way: CallsUnderWay::default(),
            http,
            balancer,
            target: Target::new(base),
            limits,
            policies: policies::Set::new(stack),
            mesh: self.mesh,
            retried_by: self.retried_by,
            deadline_headers: self.deadline_headers,
            deadline_margin: self.deadline_margin,
            adds_keys: self.adds_keys,
            outcome: match self.repeat_if {
                Some(repeat_if) => HttpOutcome::new().repeat_if(repeat_if),
                None => HttpOutcome::new(),
            },
            asks_by_uri: self.repeat_if.is_some(),
        }))
    }

    /// Returns the first endpoint of `https` that is known by now.
    fn first_https(&self) -> Option<Endpoint> {
        if let Some(endpoints) = &self.endpoints {
            return endpoints.first_https().cloned();
        }
        let known = self.balancer.as_ref().map(Balancer::endpoints);
        known.into_iter().flatten().find(Endpoint::is_https)
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("name", &self.name)
            .field("base_url", &self.base.as_deref().map(shown_text))
            .field("limits", &self.limits)
            .field("policies", &self.policies)
            .field("mesh", &self.mesh)
            .field("pool", &self.pool)
            .finish_non_exhaustive()
    }
}
