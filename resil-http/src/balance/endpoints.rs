//! Where the endpoints come from: a list, DNS, or a stream of changes.

use std::fmt;
use std::hash::Hash;

use tower::discover::Discover;

use super::endpoint::Endpoint;
use super::error::EndpointsError;
use super::mask::MAX_ENDPOINTS;
use super::source::changes::{Boxed, ByKey};
use super::source::dns::Dns;
use crate::BoxError;
use crate::shown::shown_text;

/// The endpoints of a [`Balancer`](super::Balancer), and how it hears of those that come and go.
pub struct Endpoints(pub(super) Source);

pub(super) enum Source {
    List(Vec<Endpoint>),
    Dns(Dns),
    Changes(Boxed),
}

impl Endpoints {
    /// Creates endpoints that stay as they are: `http://` or `https://`, a host, and a port unless it is the
    /// scheme's own. A host that is a name is resolved by the HTTP client, for each connection.
    ///
    /// ```
    /// # use resil_http::balance::Endpoints;
    /// assert!(Endpoints::list(["http://10.0.0.3:8080", "http://10.0.0.4:8080"]).is_ok());
    ///
    /// let error = Endpoints::list(["http://10.0.0.3", "10.0.0.4:8080"]).unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "endpoint 2 of the list, `10.0.0.4:8080`, has no scheme: write `http://` or `https://` in front of it"
    /// );
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error that says what is wrong with which one: the list is empty, one is doubled, or is no
    /// endpoint, or there are more than [`MAX_ENDPOINTS`].
    pub fn list<I>(endpoints: I) -> Result<Self, EndpointsError>
    where
        I: IntoIterator<Item: AsRef<str>>,
    {
        let mut list: Vec<Endpoint> = Vec::new();
        for (place, text) in endpoints.into_iter().enumerate() {
            if place == MAX_ENDPOINTS {
                return Err(EndpointsError::TooMany);
            }
            let text = text.as_ref();
            let endpoint: Endpoint = text.parse().map_err(|fault| EndpointsError::Faulty {
                at: place + 1,
                text: shown_text(text).into(),
                fault,
            })?;
            // One port of a host speaks either of the schemes: a list that has both is a mistake.
            let is_same = |other: &Endpoint| other.authority() == endpoint.authority();
            if let Some(first) = list.iter().position(is_same) {
                return Err(EndpointsError::Doubled {
                    first: first + 1,
                    second: place + 1,
                    text: text.into(),
                });
            }
            list.push(endpoint);
        }
        if list.is_empty() {
            return Err(EndpointsError::Empty);
        }
        Ok(Self(Source::List(list)))
    }

    /// Returns the first one of `https` that is known before the balancer is there, or the service that DNS is asked
    /// for.
    pub(crate) fn first_https(&self) -> Option<&Endpoint> {
        match &self.0 {
            Source::List(list) => list.iter().find(|endpoint| endpoint.is_https()),
            Source::Dns(dns) => Some(dns.base()).filter(|base| base.is_https()),
            Source::Changes(_) => None,
        }
    }

    /// Creates endpoints that a stream tells of: anything that tower takes as
    /// [`Discover`], such as a stream of `Result<Change<Key, Endpoint>, Error>`.
    ///
    /// An inserted key takes the place of the endpoint that had it, also where only the scheme is another one. All changes that are ready at once are
    /// made in one step. An error of the stream is told, and changes nothing; when the stream ends, the
    /// endpoints stay as they are. Of more than [`MAX_ENDPOINTS`] the later ones are left out, and told.
    pub fn changes<D>(changes: D) -> Self
    where
        D: Discover<Service = Endpoint, Error: Into<BoxError>> + Send + 'static,
        D::Key: Hash + Send + 'static,
    {
        Self(Source::Changes(Box::pin(ByKey::new(changes))))
    }

    /// Creates endpoints that are the addresses of a name, which is asked of DNS again by the TTL of the answer:
    /// see [`Dns`], which also has the settings.
    ///
    /// # Errors
    ///
    /// As [`Dns::of`].
    pub fn dns(service: impl AsRef<str>) -> Result<Self, EndpointsError> {
        Dns::of(service).map(Self::from)
    }
}

impl From<Dns> for Endpoints {
    fn from(dns: Dns) -> Self {
        Self(Source::Dns(dns))
    }
}

impl fmt::Debug for Endpoints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Source::List(list) => f.debug_tuple("List").field(list).finish(),
            Source::Dns(dns) => dns.fmt(f),
            Source::Changes(_) => f.debug_tuple("Changes").finish_non_exhaustive(),
        }
    }
}
