//! Why a client can't be built.

use std::time::Duration;

use resil_runtime::stack::StackError;

use crate::balance::BalanceError;
use crate::tls::HELP;

/// A client that can't be built. `Display` says what is wrong, and what to write instead.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// A limit is so long that another one always fires first.
    #[error(
        "`{inner}` of `{limit:?}` never fires: `{outer}` ends at `{around:?}`{}\n\
         help: write `.{inner}(..)` below `{around:?}`, or `.{outer}(..)` above `{limit:?}`",
        if *outer_is_default { ", its default" } else { "" }
    )]
    #[non_exhaustive]
    NeverFires {
        /// The limit that never fires.
        inner: &'static str,
        /// Its time.
        limit: Duration,
        /// The limit that fires first.
        outer: &'static str,
        /// Its time.
        around: Duration,
        /// Whether that one was not given.
        outer_is_default: bool,
    },
    /// A limit is zero.
    #[error("`{name}` of `0ns` leaves no time\nhelp: write a longer `.{name}(..)`")]
    #[non_exhaustive]
    NoTime {
        /// The limit.
        name: &'static str,
    },
    /// The name, or the policies, break a rule of [`Stack`](resil_runtime::Stack).
    #[error(transparent)]
    Stack(#[from] StackError),
    /// A policy was given beside a whole stack.
    #[error("`.{policy}(..)` stands beside `.stack(..)`\nhelp: add the policy to the stack")]
    #[non_exhaustive]
    BesideStack {
        /// The policy.
        policy: &'static str,
    },
    /// The base URL can't be one.
    #[error("`{url}` is no base URL: {reason}\nhelp: write one as `http://pay:8080/v1`")]
    #[non_exhaustive]
    BaseUrl {
        /// The text that was given, as far as it is no secret: `http://...@pay:8080/...`.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The base URL or an endpoint is one of `https`, and reqwest was built without TLS.
    #[error("`{url}` needs TLS, and reqwest was built without it\nhelp: {HELP}")]
    #[non_exhaustive]
    NoTls {
        /// The base URL, as far as it is no secret, or the endpoint.
        url: String,
    },
    /// The mesh is to retry, and there is none.
    #[error(
        "`.retried_by(RetriedBy::Mesh)` without a mesh: nobody would retry\n\
         help: add `.mesh(Mesh::Envoy)`, or the one that there is"
    )]
    NoMesh,
    /// The endpoints can't be followed.
    #[error(transparent)]
    Balance(#[from] BalanceError),
    /// What reqwest refuses: a certificate, a proxy, a TLS backend.
    #[error("reqwest can't build the client")]
    Http(#[source] reqwest::Error),
}
