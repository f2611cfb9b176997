//! The connections of a client: how many stay open, for how long, and how they are kept alive.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use reqwest::{Client, ClientBuilder, Request, Response};
use resil_runtime::clock::{self, Instant};
use url::Url;

use super::aged::Aged;
use super::connector::{Connections, Counted, Watched};
use super::endpoint::Endpoint;
use super::own_clients::OwnClients;

/// The settings of the pool of connections, which is that of reqwest (and hyper-util).
///
/// What bounds all connections to a host, idle or not, is
/// [`max_pending`](super::BalancerBuilder::max_pending): over HTTP/1.1 a request has a connection, and a new one is
/// opened only where none is idle. There may be as many more as are being opened at that moment: if a connection
/// becomes idle meanwhile, the request takes that one, and the new one goes to the pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub struct Pool {
    max_idle_per_host: usize,
    idle_timeout: Duration,
    max_age: Option<Duration>,
    tcp_keepalive: Option<Duration>,
    ping_every: Option<Duration>,
    ping_timeout: Duration,
    counts_connections: bool,
}

impl Default for Pool {
    fn default() -> Self {
        Self::new()
    }
}

impl Pool {
    /// Creates the default settings: up to 32 idle connections per host for 50 s each, none older than half an
    /// hour, TCP's keep-alive after 30 s, and a ping of HTTP/2 each 30 s, which is answered within 10 s.
    ///
    /// 50 s are less than the idle time of common load balancers (60 s), so that it is this side which closes.
    pub const fn new() -> Self {
        Self {
            max_idle_per_host: 32,
            idle_timeout: Duration::from_secs(50),
            max_age: Some(Duration::from_secs(1_800)),
            tcp_keepalive: Some(Duration::from_secs(30)),
            ping_every: Some(Duration::from_secs(30)),
            ping_timeout: Duration::from_secs(10),
            counts_connections: false,
        }
    }

    /// Sets how many connections to one host stay open while they are idle. Default: 32.
    pub const fn max_idle_per_host(mut self, count: usize) -> Self {
        self.max_idle_per_host = count;
        self
    }

    /// Sets how long an idle connection stays open. Choose less than the server does. Default: 50 s.
    pub const fn idle_timeout(mut self, time: Duration) -> Self {
        self.idle_timeout = time;
        self
    }

    /// Sets the age past which a connection gets no further request; up to a tenth less, at random. It holds for
    /// a [`PooledClient`]: reqwest itself has no such limit, so the client is replaced with all its connections.
    /// Those in use are closed when their requests are over. `None` for no such limit. Default: 30 min.
    pub const fn max_age(mut self, age: Option<Duration>) -> Self {
        self.max_age = age;
        self
    }

    /// Sets after which idle time TCP asks whether the other side is still there (`SO_KEEPALIVE`), and how often.
    /// `None` for never. Default: 30 s.
    pub const fn tcp_keepalive(mut self, time: Option<Duration>) -> Self {
        self.tcp_keepalive = time;
        self
    }

    /// Sets how often a connection of HTTP/2 is pinged, idle or not, and the time within which the answer has to
    /// come; otherwise the connection is closed. HTTP/1.1 has no ping. `None` for never. Default: each 30 s,
    /// within 10 s.
    pub const fn http2_ping(mut self, every: Option<Duration>, timeout: Duration) -> Self {
        self.ping_every = every;
        self.ping_timeout = timeout;
        self
    }

    /// Counts the connections that a [`PooledClient`] makes: [`PooledStats::connections`]. Reqwest tells of them to a
    /// layer around its connector alone, which it clones six times for each request; so each one takes some 4 % more
    /// instructions. Default: they are counted only where a client has that layer anyway, because its limit `read` is
    /// below `attempt`.
    pub const fn count_connections(mut self) -> Self {
        self.counts_connections = true;
        self
    }

    pub(crate) const fn counts_connections(&self) -> bool {
        self.counts_connections
    }

    /// Applies the settings to a builder of reqwest, all but [`max_age`](Self::max_age) and
    /// [`count_connections`](Self::count_connections).
    pub fn apply(&self, builder: ClientBuilder) -> ClientBuilder {
        builder
            .pool_max_idle_per_host(self.max_idle_per_host)
            .pool_idle_timeout(self.idle_timeout)
            .tcp_keepalive(self.tcp_keepalive)
            .tcp_keepalive_interval(self.tcp_keepalive)
            .http2_keep_alive_interval(self.ping_every)
            .http2_keep_alive_timeout(self.ping_timeout)
            .http2_keep_alive_while_idle(self.ping_every.is_some())
    }

    /// Returns the age past which a connection gets no further request.
    pub fn age_limit(&self) -> Option<Duration> {
        self.max_age
    }
}

/// A client of reqwest whose connections do not get older than [`Pool::max_age`]. A clone is the same client.
#[derive(Clone)]
pub struct PooledClient(Arc<Shared>);

struct Shared {
    pool: Pool,
    make: Box<dyn Fn() -> ClientBuilder + Send + Sync>,
    aged: Aged,
    own: OwnClients,
    /// Whether each request to an address that DNS has told goes by the name of the service. The others do so where
    /// the certificate is for it.
    by_name: bool,
    /// The connections, where they are counted.
    counted: Option<Counted>,
}

/// The figures of a [`PooledClient`] as they were at one moment: [`PooledClient::stats`] returns them.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PooledStats {
    /// The connections that were made, where they are [counted](Pool::count_connections).
    pub connections: Option<Connections>,
    /// How often a client was replaced because of its age, and all its connections with it: the one that is shared,
    /// and those of the addresses that DNS has told.
    pub renewals: u64,
    /// The settings of the pool.
    pub settings: Pool,
}

/// What came of [`PooledClient::warm_up`].
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct WarmedUp {
    /// How many requests were answered, whatever their status is.
    pub answered: usize,
    /// The endpoints that gave no answer, with the last error of each.
    pub failed: Vec<(Endpoint, String)>,
}

impl PooledClient {
    /// Creates a client. `make` returns the builder with all the settings but those of the pool; it is called
    /// again each time that the client is replaced. State that has to outlive that, such as cookies, belongs
    /// into an `Arc` that it shares.
    ///
    /// # Errors
    ///
    /// Returns the error of [`ClientBuilder::build`].
    pub fn new(
        pool: Pool,
        make: impl Fn() -> ClientBuilder + Send + Sync + 'static,
    ) -> reqwest::Result<Self> {
        let counted = pool.counts_connections.then(Counted::default);
        let watch = counted.clone().map(Watched);
        let make = move || match watch.clone() {
            Some(watch) => make().connector_layer(watch),
            None => make(),
        };
        Self::with(pool, make, counted, false)
    }

    /// Creates a client whose requests go to an address that DNS has told by the name of the service, as
    /// [`Endpoint::rewrite_by_name`] writes it: the name is then what HTTP/2 has for an authority, and a redirect to
    /// another host leaves it behind. `counted` has the connections, if the builders of `make` count them.
    ///
    /// # Errors
    ///
    /// Those of [`new`](Self::new).
    pub(crate) fn by_name(
        pool: Pool,
        counted: Option<Counted>,
        make: impl Fn() -> ClientBuilder + Send + Sync + 'static,
    ) -> reqwest::Result<Self> {
        Self::with(pool, make, counted, true)
    }

    fn with(
        pool: Pool,
        make: impl Fn() -> ClientBuilder + Send + Sync + 'static,
        counted: Option<Counted>,
        by_name: bool,
    ) -> reqwest::Result<Self> {
        let client = Self(Arc::new(Shared {
            pool,
            make: Box::new(make),
            aged: Aged::default(),
            own: OwnClients::default(),
            by_name,
            counted,
        }));
        client.current()?;
        Ok(client)
    }

    /// Returns the client for the next request. Do not keep it: it gets older.
    ///
    /// # Errors
    ///
    /// None once the client is there: one that can't be replaced is used further, and tried again a second
    /// later.
    pub fn current(&self) -> reqwest::Result<Client> {
        let shared = &*self.0;
        shared
            .aged
            .client(shared.pool.max_age, || shared.builder().build())
    }

    /// Returns the client for the next request to `endpoint`, whose URL [`Endpoint::rewrite`] has rewritten: one that
    /// connects to its address alone, if the URL has the name of the service.
    ///
    /// # Errors
    ///
    /// Returns the error of [`ClientBuilder::build`].
    pub fn at(&self, endpoint: &Endpoint) -> reqwest::Result<Client> {
        if endpoint.keeps_its_name()
            && let Some(own) = self.own(endpoint, clock::now_ms)
        {
            return own;
        }
        self.current()
    }

    /// Returns the client that connects to the address of `endpoint` alone; `None` if DNS has not told it. `now_ms`
    /// returns the time.
    fn own(
        &self,
        endpoint: &Endpoint,
        now_ms: impl FnOnce() -> u64,
    ) -> Option<reqwest::Result<Client>> {
        let (name, address) = endpoint.resolved()?;
        let shared = &*self.0;
        let make = || shared.builder().resolve(name, address).build();
        let own = shared.own.of(endpoint, &shared.aged);
        Some(own.with(shared.pool.max_age, now_ms, make, Client::clone))
    }

    /// Sends a request, to `endpoint` if there is one, to which [`Endpoint::rewrite_by_name`] has rewritten its URL.
    /// `now` is the time.
    ///
    /// # Errors
    ///
    /// Those of [`at`](Self::at).
    pub(crate) fn execute(
        &self,
        request: Request,
        endpoint: Option<&Endpoint>,
        now: Instant,
    ) -> reqwest::Result<impl Future<Output = reqwest::Result<Response>> + use<>> {
        let shared = &*self.0;
        let now_ms = || clock::millis_of(now);
        let own = endpoint.and_then(|endpoint| self.own(endpoint, now_ms));
        if let Some(own) = own {
            return Ok(own?.execute(request));
        }
        let make = || shared.builder().build();
        shared
            .aged
            .with(shared.pool.max_age, now_ms, make, |client| {
                client.execute(request)
            })
    }

    /// Opens up to `count` connections to each of `endpoints`, by as many requests for `path`, perhaps with a query,
    /// at once, and waits for their answers, but no longer than `limit`. Over HTTP/2 there is one connection to each.
    ///
    /// It can't fail: what did not answer is in the result.
    ///
    /// # Cancellation
    ///
    /// Cancel safe: the connections that are open by then stay in the pool.
    pub async fn warm_up(
        &self,
        endpoints: &[Endpoint],
        path: &str,
        count: usize,
        limit: Duration,
    ) -> WarmedUp {
        let until = clock::add(clock::now(), limit);
        let count = count.min(self.0.pool.max_idle_per_host);
        let all = endpoints.iter().map(|endpoint| async move {
            let one = || async move { clock::within(until, self.ask(endpoint, path)).await };
            (endpoint, join_all((0..count).map(|_| one())).await)
        });
        let mut warmed = WarmedUp::default();
        for (endpoint, answers) in join_all(all).await {
            let mut failed = None;
            for answer in answers {
                match answer {
                    Some(Ok(())) => warmed.answered += 1,
                    Some(Err(error)) => failed = Some(error),
                    None => failed = Some(format!("no answer within {limit:?}")),
                }
            }
            warmed
                .failed
                .extend(failed.map(|error| (endpoint.clone(), error)));
        }
        warmed
    }

    async fn ask(&self, endpoint: &Endpoint, path: &str) -> Result<(), String> {
        let text = |error: reqwest::Error| {
            let mut text = error.to_string();
            let mut source = std::error::Error::source(&error);
            while let Some(inner) = source {
                text = format!("{text}: {inner}");
                source = inner.source();
            }
            text
        };
        let mut url = Url::parse("http://endpoint/").map_err(|error| error.to_string())?;
        let query = path.split_once('?');
        url.set_path(query.map_or(path, |(path, _)| path));
        url.set_query(query.map(|(_, query)| query));
        let by_name = self.0.by_name;
        let own = by_name.then(|| self.own(endpoint, clock::now_ms)).flatten();
        let request = if let Some(own) = own {
            endpoint.rewrite_by_name(&mut url);
            own.map_err(text)?.get(url)
        } else {
            endpoint.rewrite(&mut url);
            let request = self.at(endpoint).map_err(text)?.get(url);
            match endpoint.host_header() {
                Some(host) => request.header(http::header::HOST, host),
                None => request,
            }
        };
        // Read to its end: else the connection does not go back to the pool.
        request
            .send()
            .await
            .map_err(text)?
            .bytes()
            .await
            .map_err(text)?;
        Ok(())
    }

    /// Returns the figures as they are now.
    pub fn stats(&self) -> PooledStats {
        PooledStats {
            connections: self.0.counted.as_ref().map(Counted::now),
            renewals: self.renewals(),
            settings: self.0.pool,
        }
    }

    /// Returns how often a client was replaced because of its age: the one that is shared, and those of the addresses
    /// that DNS has told.
    pub fn renewals(&self) -> u64 {
        self.0.aged.renewals()
    }
}

impl Shared {
    fn builder(&self) -> ClientBuilder {
        self.pool.apply((self.make)())
    }
}

impl fmt::Debug for PooledClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PooledClient")
            .field("pool", &self.0.pool)
            .field("renewals", &self.renewals())
            .finish_non_exhaustive()
    }
}
