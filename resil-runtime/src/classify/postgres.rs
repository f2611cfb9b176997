//! `tokio_postgres::Error`: by SQLSTATE (PostgreSQL manual, appendix A), by the connection else.

use std::error::Error as StdError;
use std::io;

use super::{Class, Classify};

impl Classify for ::tokio_postgres::Error {
    /// Classes 08 (connection), 40 (rolled back: serialization, deadlock), 53 (resources) and the
    /// shutdowns of 57P are transient, as is a lock that was not available (55P03); a query that
    /// was cancelled (57014) is neutral; all other answers of the server are permanent. Without an
    /// answer of the server it is transient, or what the `io::Error` inside says.
    fn classify(&self) -> Class {
        if let Some(state) = self.code() {
            return sqlstate(state.code());
        }
        self.source()
            .and_then(|e| e.downcast_ref::<io::Error>())
            .map_or(Class::Transient, Classify::classify)
    }
}

fn sqlstate(code: &str) -> Class {
    match code {
        "57014" => Class::Neutral,
        "55P03" => Class::Transient,
        _ if ["08", "40", "53", "57P"]
            .iter()
            .any(|class| code.starts_with(class)) =>
        {
            Class::Transient
        }
        _ => Class::Permanent,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_sqlstate() {
        for (code, class) in [
            ("08006", Class::Transient),
            ("40001", Class::Transient),
            ("40P01", Class::Transient),
            ("53300", Class::Transient),
            ("55P03", Class::Transient),
            ("57P01", Class::Transient),
            ("57014", Class::Neutral),
            ("23505", Class::Permanent),
            ("42601", Class::Permanent),
            ("57000", Class::Permanent),
        ] {
            assert_eq!(sqlstate(code), class, "{code}");
        }
    }
}
