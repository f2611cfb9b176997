//! One endpoint: where a request can go.

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;
use std::sync::{Arc, Weak};
use std::time::Duration;

use http::HeaderValue;
use url::{Host, Url};

use super::aged::Aged;
use super::error::EndpointFault;
use super::origin::Origin;

/// An endpoint: a scheme and an authority, such as `http://10.0.0.3:8080`. A clone is the same endpoint.
///
/// Two endpoints are equal if their schemes and their authorities are, in lower case and with the port written out.
#[derive(Clone)]
pub struct Endpoint(Arc<Parts>);

struct Parts {
    is_https: bool,
    /// What a URL that is rewritten begins with.
    origin: Origin,
    host: Host,
    port: u16,
    authority: Box<str>,
    /// The name of the service and one of its addresses, if DNS has told them.
    resolved: Option<Resolved>,
    /// The client that connects to the address and no other.
    client: Aged,
}

struct Resolved {
    name: Box<str>,
    address: SocketAddr,
    /// What a URL with the name begins with.
    origin: Origin,
    host_header: HeaderValue,
}

/// Whether an endpoint is gone: nobody has a clone of it.
#[derive(Clone)]
pub(super) struct Gone(Weak<Parts>);

impl Gone {
    pub(super) fn is_so(&self) -> bool {
        self.0.strong_count() == 0
    }
}

impl Endpoint {
    /// Creates the endpoint that is one address of the service at `base`.
    pub(super) fn of_address(base: &Endpoint, address: SocketAddr) -> Option<Self> {
        let parts = &*base.0;
        let host_header = HeaderValue::from_str(&parts.host_header_text()).ok()?;
        let (scheme, port) = (parts.scheme(), address.port());
        let named = Url::parse(&format!("{scheme}://{}:{port}", parts.host)).ok()?;
        let origin = if parts.is_https {
            named.clone()
        } else {
            Url::parse(&format!("http://{address}")).ok()?
        };
        let resolved = Resolved {
            name: parts.host.to_string().into(),
            address,
            origin: Origin::of(named),
            host_header,
        };
        Some(Self(Arc::new(Parts {
            is_https: parts.is_https,
            origin: Origin::of(origin),
            host: match address {
                SocketAddr::V4(v4) => Host::Ipv4(*v4.ip()),
                SocketAddr::V6(v6) => Host::Ipv6(*v6.ip()),
            },
            port: address.port(),
            authority: address.to_string().into(),
            resolved: Some(resolved),
            client: Aged::default(),
        })))
    }

    /// Returns the scheme: `http` or `https`.
    pub fn scheme(&self) -> &'static str {
        self.0.scheme()
    }

    pub(crate) fn is_https(&self) -> bool {
        self.0.is_https
    }

    /// Returns what tells it from others: the scheme and the authority.
    pub(super) fn identity(&self) -> (&'static str, &str) {
        (self.scheme(), self.authority())
    }

    /// Returns the authority with the port written out, such as `10.0.0.3:8080`. It is the key of the endpoint's
    /// circuit breaker, and its name in the figures.
    pub fn authority(&self) -> &str {
        &self.0.authority
    }

    /// Returns the address, if DNS has told it: the connection goes there, whatever the name says meanwhile.
    pub fn address(&self) -> Option<SocketAddr> {
        self.0.resolved.as_ref().map(|resolved| resolved.address)
    }

    /// Rewrites `url` to this endpoint: scheme, host and port. Path, query and fragment stay.
    ///
    /// An `https` endpoint that was found by DNS keeps the name of the service in the URL, as its certificate
    /// is for that name. Send such a request with [`own_client`](Self::own_client).
    pub fn rewrite(&self, url: &mut Url) {
        self.0.origin.rewrite(url);
    }

    /// Rewrites `url` to this endpoint, by the name of the service if DNS has told the address: for a request over
    /// the client that a pool has for it.
    pub(crate) fn rewrite_by_name(&self, url: &mut Url) {
        let resolved = self.0.resolved.as_ref();
        let origin = resolved.map_or(&self.0.origin, |resolved| &resolved.origin);
        origin.rewrite(url);
    }

    /// Returns the value of the header `Host` that a rewritten request has to bear: the name of the service,
    /// where the URL has one of its addresses. `None` if the URL itself says it.
    pub fn host_header(&self) -> Option<&HeaderValue> {
        let parts = &*self.0;
        let resolved = parts.resolved.as_ref()?;
        (!parts.is_https).then_some(&resolved.host_header)
    }

    /// Returns the client over which the requests to this endpoint have to go, if they can't go over one that
    /// is shared: a connection to one address of an `https` service, by the name of the service. `make` is given
    /// the name and the address for [`ClientBuilder::resolve`](reqwest::ClientBuilder::resolve). It is called at
    /// first, and again when the client is older than `max_age`. The client lives as long as the endpoint.
    ///
    /// # Errors
    ///
    /// Returns the error of `make` where there is no client yet; the next call asks it again.
    pub fn own_client(
        &self,
        max_age: Option<Duration>,
        make: impl FnOnce(&str, SocketAddr) -> reqwest::Result<reqwest::Client>,
    ) -> Option<reqwest::Result<reqwest::Client>> {
        let resolved = self.0.named()?;
        let make = || make(&resolved.name, resolved.address);
        Some(self.0.client.client(max_age, make))
    }

    /// Returns the name of the service and the address, if DNS has told it.
    pub(super) fn resolved(&self) -> Option<(&str, SocketAddr)> {
        let resolved = self.0.resolved.as_ref()?;
        Some((&resolved.name, resolved.address))
    }

    /// Returns whether a URL that is rewritten has the name, though DNS has told the address.
    pub(super) fn keeps_its_name(&self) -> bool {
        self.0.named().is_some()
    }

    /// Returns a number that no other endpoint has as long as this one or its [`Gone`] is there.
    pub(super) fn number(&self) -> usize {
        Arc::as_ptr(&self.0).addr()
    }

    pub(super) fn gone(&self) -> Gone {
        Gone(Arc::downgrade(&self.0))
    }

    pub(super) fn host(&self) -> &Host {
        &self.0.host
    }

    pub(super) fn port(&self) -> u16 {
        self.0.port
    }
}

impl Parts {
    fn scheme(&self) -> &'static str {
        if self.is_https { "https" } else { "http" }
    }

    /// The name that stays in the URL.
    fn named(&self) -> Option<&Resolved> {
        self.resolved.as_ref().filter(|_| self.is_https)
    }

    /// The text of `Host` as a client writes it: without a port that is the scheme's own.
    fn host_header_text(&self) -> String {
        match (self.is_https, self.port) {
            (false, 80) | (true, 443) => self.host.to_string(),
            (_, port) => format!("{}:{port}", self.host),
        }
    }
}

impl FromStr for Endpoint {
    type Err = EndpointFault;

    /// Reads an endpoint: `http://` or `https://`, a host, and a port unless it is the scheme's own.
    fn from_str(text: &str) -> Result<Self, EndpointFault> {
        let has_scheme = text
            .split_once("://")
            .is_some_and(|(scheme, _)| !scheme.is_empty());
        if !has_scheme {
            return Err(EndpointFault::NoScheme);
        }
        let url = Url::parse(text).map_err(|error| EndpointFault::NoUrl(error.to_string()))?;
        let is_https = match url.scheme() {
            "http" => false,
            "https" => true,
            other => return Err(EndpointFault::OtherScheme(other.into())),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(EndpointFault::Credentials);
        }
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            return Err(EndpointFault::Path);
        }
        // A URL of these schemes has a host and a port.
        let host = url.host().ok_or(EndpointFault::NoScheme)?.to_owned();
        let port = url.port_or_known_default().unwrap_or(80);
        if port == 0 {
            return Err(EndpointFault::NoPort);
        }
        Ok(Self(Arc::new(Parts {
            is_https,
            origin: Origin::of(url),
            authority: format!("{host}:{port}").into(),
            host,
            port,
            resolved: None,
            client: Aged::default(),
        })))
    }
}

impl PartialEq for Endpoint {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.identity() == other.identity()
    }
}

impl Eq for Endpoint {}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme(), self.authority())
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.resolved {
            None => write!(f, "Endpoint({self})"),
            Some(resolved) => write!(f, "Endpoint({self} of {})", resolved.name),
        }
    }
}
