//! Whether reqwest was built with TLS. The feature `client-rustls` switches it on, and so may any other crate of the
//! program: the features of one dependency are added up. So it is reqwest that is asked.

use reqwest::ClientBuilder;
use url::Url;

/// Whether reqwest was built with TLS.
pub(crate) const HAS_TLS: bool = has_tls(ClientBuilder::tls_info);

/// What to do where it was not.
pub(crate) const HELP: &str =
    "switch on the feature `client-rustls` of resil, or `native-tls` of reqwest";

/// Returns whether `url` needs TLS that is not there.
pub(crate) fn lacks_tls(url: &Url) -> bool {
    !HAS_TLS && url.scheme() == "https"
}

/// Has the method that reqwest's builder has with TLS alone. One of the type itself comes first.
#[allow(dead_code, reason = "nobody calls it where reqwest has its own")]
trait WithoutTls: Sized {
    fn tls_info(self, _: bool) -> Lacking {
        Lacking
    }
}

impl WithoutTls for ClientBuilder {}

/// What that method returns.
struct Lacking;

/// Tells by what the method returns which of the two it is.
trait Told {
    const HAS_TLS: bool;
}

impl Told for ClientBuilder {
    const HAS_TLS: bool = true;
}

impl Told for Lacking {
    const HAS_TLS: bool = false;
}

const fn has_tls<T: Told>(_: fn(ClientBuilder, bool) -> T) -> bool {
    T::HAS_TLS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reqwest_has_tls_by_the_feature() {
        assert_eq!(HAS_TLS, cfg!(feature = "client-rustls"));
        let lacks = |url: &str| lacks_tls(&Url::parse(url).unwrap());
        assert!(!lacks("http://pay"));
        assert_eq!(lacks("https://pay"), !HAS_TLS);
    }
}
