//! The mesh that the client runs behind: what it is told, and which headers of an incoming request go on.

use ::http::{HeaderMap, HeaderName, HeaderValue};

/// The mesh whose sidecar the requests go through.
///
/// A sidecar that retries multiplies the attempts of a client that does: three of each are nine. So each
/// request says who retries it ([`RetriedBy`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Mesh {
    /// No mesh: the requests get no header of one.
    #[default]
    None,
    /// A sidecar or a gateway that is Envoy.
    Envoy,
    /// Istio, whose sidecars are Envoy and retry by default.
    Istio,
    /// Linkerd, which goes by `l5d-retry-limit` where per-request policy is switched on in it.
    Linkerd,
}

/// Who makes a further attempt when one has failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum RetriedBy {
    /// This client, by its policies. The mesh is told to let it be.
    #[default]
    Client,
    /// The mesh, for requests that do no harm twice; it is told to. The client then makes one attempt. All
    /// other requests stay with the client, which sends them again only if they were not sent.
    Mesh,
}

/// The number of retries that the mesh is asked for: with the first attempt as many as a client makes by
/// default.
const RETRIES: u32 = 2;

impl Mesh {
    /// Adds the headers that say who retries the request. `by_mesh` is true only for requests that do no
    /// harm twice.
    pub(super) fn say_who_retries(self, headers: &mut HeaderMap, by_mesh: bool) {
        let retries = if by_mesh { RETRIES } else { 0 };
        match self {
            Self::None => {}
            Self::Envoy | Self::Istio => {
                headers.insert(
                    HeaderName::from_static("x-envoy-max-retries"),
                    retries.into(),
                );
                if by_mesh {
                    headers.insert(
                        HeaderName::from_static("x-envoy-retry-on"),
                        HeaderValue::from_static(
                            "reset,connect-failure,refused-stream,gateway-error",
                        ),
                    );
                }
            }
            Self::Linkerd => {
                headers.insert(HeaderName::from_static("l5d-retry-limit"), retries.into());
                if by_mesh {
                    headers.insert(
                        HeaderName::from_static("l5d-retry-http"),
                        HeaderValue::from_static("502,503,504"),
                    );
                }
            }
        }
    }

    /// Marks an attempt with its number, from 1.
    pub(super) fn mark(self, headers: &mut HeaderMap, attempt: u32) {
        if let Self::Envoy | Self::Istio = self {
            headers.insert(
                HeaderName::from_static("x-envoy-attempt-count"),
                attempt.into(),
            );
        }
    }

    /// Returns the headers of an incoming request that its outgoing ones have to carry, so that they belong
    /// to one trace.
    pub(super) fn context_of(self, incoming: &HeaderMap) -> HeaderMap {
        let mut context = HeaderMap::new();
        for (name, value) in incoming {
            if self.carries(name.as_str()) {
                context.append(name, value.clone());
            }
        }
        context
    }

    fn carries(self, name: &str) -> bool {
        match name {
            "x-request-id" | "traceparent" | "tracestate"
            // B3, in one header and in several.
            | "b3" | "x-b3-traceid" | "x-b3-spanid" | "x-b3-parentspanid" | "x-b3-sampled"
            | "x-b3-flags" => true,
            "x-ot-span-context" => matches!(self, Self::Envoy | Self::Istio),
            _ => self == Self::Linkerd && name.starts_with("l5d-ctx-"),
        }
    }
}

/// Adds the headers of `context` that the request has none of itself.
pub(super) fn carry(context: &HeaderMap, headers: &mut HeaderMap) {
    for name in context.keys() {
        if !headers.contains_key(name) {
            for value in context.get_all(name) {
                headers.append(name, value.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(mesh: Mesh, by_mesh: bool) -> Vec<(String, String)> {
        let mut headers = HeaderMap::new();
        mesh.say_who_retries(&mut headers, by_mesh);
        mesh.mark(&mut headers, 2);
        let text = |value: &HeaderValue| value.to_str().unwrap().to_owned();
        let all = headers.iter().map(|(n, v)| (n.to_string(), text(v)));
        let mut all: Vec<_> = all.collect();
        all.sort();
        all
    }

    fn pairs(all: &[(&str, &str)]) -> Vec<(String, String)> {
        let owned = |(n, v): &(&str, &str)| ((*n).to_owned(), (*v).to_owned());
        all.iter().map(owned).collect()
    }

    #[test]
    fn each_mesh_is_told_who_retries_in_its_own_words() {
        assert_eq!(said(Mesh::None, false), []);
        for mesh in [Mesh::Envoy, Mesh::Istio] {
            assert_eq!(
                said(mesh, false),
                pairs(&[("x-envoy-attempt-count", "2"), ("x-envoy-max-retries", "0")])
            );
            assert_eq!(
                said(mesh, true),
                pairs(&[
                    ("x-envoy-attempt-count", "2"),
                    ("x-envoy-max-retries", "2"),
                    (
                        "x-envoy-retry-on",
                        "reset,connect-failure,refused-stream,gateway-error"
                    ),
                ])
            );
        }
        assert_eq!(
            said(Mesh::Linkerd, false),
            pairs(&[("l5d-retry-limit", "0")])
        );
        assert_eq!(
            said(Mesh::Linkerd, true),
            pairs(&[("l5d-retry-http", "502,503,504"), ("l5d-retry-limit", "2")])
        );
    }

    #[test]
    fn the_context_is_what_belongs_to_the_trace() {
        let mut incoming = HeaderMap::new();
        for name in [
            "x-request-id",
            "traceparent",
            "tracestate",
            "b3",
            "x-b3-traceid",
            "x-b3-spanid",
            "x-b3-parentspanid",
            "x-b3-sampled",
            "x-b3-flags",
            "x-ot-span-context",
            "l5d-ctx-trace",
            "l5d-ctx-deadline",
            "authorization",
            "cookie",
            "l5d-client-id",
            "x-envoy-max-retries",
        ] {
            incoming.append(HeaderName::from_static(name), HeaderValue::from_static("1"));
        }
        incoming.append("tracestate", HeaderValue::from_static("2"));
        let of = |mesh: Mesh| mesh.context_of(&incoming);
        assert_eq!(of(Mesh::None).keys_len(), 9);
        assert_eq!(of(Mesh::Istio).keys_len(), 10);
        assert!(of(Mesh::Envoy).contains_key("x-ot-span-context"));
        let linkerd = of(Mesh::Linkerd);
        assert_eq!(linkerd.keys_len(), 11);
        assert!(linkerd.contains_key("l5d-ctx-trace"));
        assert_eq!(linkerd.get_all("tracestate").iter().count(), 2);
        assert!(!linkerd.contains_key("authorization"));
    }

    #[test]
    fn what_the_request_has_itself_stays() {
        let mut context = HeaderMap::new();
        context.append("tracestate", HeaderValue::from_static("a"));
        context.append("tracestate", HeaderValue::from_static("b"));
        context.append("traceparent", HeaderValue::from_static("theirs"));
        let mut headers = HeaderMap::new();
        headers.insert("traceparent", HeaderValue::from_static("mine"));
        carry(&context, &mut headers);
        assert_eq!(headers["traceparent"], "mine");
        assert_eq!(headers.get_all("tracestate").iter().count(), 2);
    }
}
