//! `tokio_postgres::Error`: by SQLSTATE (PostgreSQL manual, appendix A), else by the step in which
//! the driver failed.

use std::error::Error as StdError;
use std::io;

use ::tokio_postgres::Error;

use super::chain::links;
use super::class::{Class, Classify};

impl Classify for Error {
    /// Classifies by the SQLSTATE if the server has answered.
    ///
    /// Classes 08 (connection), 40 (rolled back: serialization, deadlock), 53 (resources) and the
    /// shutdowns of 57P are transient, as are a lock that was not available (55P03), an object in
    /// use (55006), faults of the server's own (58000, 58030, XX000) and the limits that end an
    /// idle or a long transaction's session (25P03, 25P04). A query that was cancelled (57014) is
    /// neutral, but transient where the server says that its `statement_timeout` did it. All other
    /// answers of the server are permanent, 40002, 53400 and 57P04 among them.
    ///
    /// Without an answer of the server, a failure to connect is transient. Arguments, columns and
    /// rows of other types or another number than the caller expects, and an invalid configuration,
    /// are permanent. All else has the class of the `io::Error` inside, and without one is
    /// transient.
    fn classify(&self) -> Class {
        if let Some(answer) = self.as_db_error() {
            return sqlstate(answer.code().code(), answer.message());
        }
        if self.is_closed() {
            return Class::Transient;
        }
        // The driver shows the kind of an error in its text alone.
        let shown = self.to_string();
        if shown.starts_with("error connecting") {
            return Class::Transient;
        }
        if OF_THE_CALLER.iter().any(|kind| shown.starts_with(kind)) {
            return Class::Permanent;
        }
        self.source()
            .and_then(|e| links::<io::Error>(e).next())
            .map_or(Class::Transient, Classify::classify)
    }
}

/// The beginnings of the texts of errors that no other attempt can mend.
const OF_THE_CALLER: [&str; 10] = [
    "error serializing parameter",
    "error deserializing column",
    "error encoding message",
    "invalid column",
    "invalid connection string",
    "invalid configuration",
    "authentication error",
    "query returned an unexpected number of columns",
    "query returned an unexpected number of rows",
    // `expected 2 parameters but got 1`
    "expected ",
];

fn sqlstate(code: &str, message: &str) -> Class {
    match code {
        "57014" if message.contains("statement timeout") => Class::Transient,
        "57014" => Class::Neutral,
        // A constraint checked at the end; a limit that was set; a database that is gone.
        "40002" | "53400" | "57P04" => Class::Permanent,
        "25P03" | "25P04" | "55006" | "55P03" | "58000" | "58030" | "XX000" => Class::Transient,
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
            ("08000", Class::Transient),
            ("08006", Class::Transient),
            ("08P01", Class::Transient),
            ("25006", Class::Permanent),
            ("25P02", Class::Permanent),
            ("25P03", Class::Transient),
            ("25P04", Class::Transient),
            ("28P01", Class::Permanent),
            ("40001", Class::Transient),
            ("40002", Class::Permanent),
            ("40003", Class::Transient),
            ("40P01", Class::Transient),
            ("53100", Class::Transient),
            ("53200", Class::Transient),
            ("53300", Class::Transient),
            ("53400", Class::Permanent),
            ("55000", Class::Permanent),
            ("55006", Class::Transient),
            ("55P03", Class::Transient),
            ("57000", Class::Permanent),
            ("57014", Class::Neutral),
            ("57P01", Class::Transient),
            ("57P02", Class::Transient),
            ("57P03", Class::Transient),
            ("57P04", Class::Permanent),
            ("57P05", Class::Transient),
            ("58000", Class::Transient),
            ("58030", Class::Transient),
            ("58P01", Class::Permanent),
            ("23505", Class::Permanent),
            ("42601", Class::Permanent),
            ("XX000", Class::Transient),
            ("XX001", Class::Permanent),
        ] {
            assert_eq!(sqlstate(code, ""), class, "{code}");
        }
        let by_timeout = "canceling statement due to statement timeout";
        assert_eq!(sqlstate("57014", by_timeout), Class::Transient);
        let by_user = "canceling statement due to user request";
        assert_eq!(sqlstate("57014", by_user), Class::Neutral);
    }
}
