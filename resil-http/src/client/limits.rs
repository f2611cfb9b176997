//! The limits of a call in time, by name, and the rules between them.

use std::time::Duration;

use super::refused::BuildError;

/// The limits of a call. Each of them is set: nothing waits for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Limits {
    pub(super) connect: Duration,
    pub(super) read: Duration,
    pub(super) write: Duration,
    pub(super) attempt: Duration,
    pub(super) total: Duration,
}

impl Limits {
    /// Returns whether the connector tells of each connection: while one is made, `read` does not count. Where an
    /// attempt ends before `read` does, that makes no difference, and each request would pay for it.
    pub(super) fn need_connector(&self) -> bool {
        self.read < self.attempt
    }
}

/// The limits that a builder was given.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Given {
    pub(super) connect: Option<Duration>,
    pub(super) read: Option<Duration>,
    pub(super) write: Option<Duration>,
    pub(super) attempt: Option<Duration>,
    pub(super) total: Option<Duration>,
}

/// The default limit of a whole call.
const TOTAL: Duration = Duration::from_secs(30);

/// The longest default limit of a connection: a lost SYN is sent again after one second, and after three.
const CONNECT: Duration = Duration::from_secs(3);

impl Given {
    /// Returns the limits, those that were not given in proportion to the others.
    ///
    /// # Errors
    ///
    /// Names the limit that could never fire, or that leaves no time, and what to write.
    pub(super) fn resolve(&self) -> Result<Limits, BuildError> {
        let total = self.total.unwrap_or(TOTAL);
        let attempt = self.attempt.unwrap_or(total / 3);
        let limits = Limits {
            connect: self.connect.unwrap_or(CONNECT.min(attempt / 2)),
            read: self.read.unwrap_or(attempt),
            write: self.write.unwrap_or(attempt / 2),
            attempt,
            total,
        };
        for (name, limit) in [
            ("connect", limits.connect),
            ("read", limits.read),
            ("write", limits.write),
            ("attempt", limits.attempt),
            ("total", limits.total),
        ] {
            if limit.is_zero() {
                return Err(BuildError::NoTime { name });
            }
        }
        let given = |limit: Option<Duration>| limit.is_some();
        // `read` goes on after the head of an answer, where an attempt has ended.
        for (inner, outer) in [
            (
                ("connect", limits.connect, given(self.connect)),
                ("attempt", attempt, given(self.attempt)),
            ),
            (
                ("write", limits.write, given(self.write)),
                ("attempt", attempt, given(self.attempt)),
            ),
            (
                ("attempt", attempt, given(self.attempt)),
                ("total", total, given(self.total)),
            ),
            (
                ("read", limits.read, given(self.read)),
                ("total", total, given(self.total)),
            ),
        ] {
            let ((inner, limit, _), (outer, around, outer_is_given)) = (inner, outer);
            if limit >= around {
                return Err(BuildError::NeverFires {
                    inner,
                    limit,
                    outer,
                    around,
                    outer_is_default: !outer_is_given,
                });
            }
        }
        Ok(limits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(set: impl FnOnce(&mut Given)) -> Given {
        let mut given = Given::default();
        set(&mut given);
        given
    }

    const fn secs(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    #[test]
    fn nothing_is_unlimited_by_default() {
        let limits = Given::default().resolve().unwrap();
        assert_eq!(
            limits,
            Limits {
                connect: Duration::from_secs(3),
                read: Duration::from_secs(10),
                write: Duration::from_secs(5),
                attempt: Duration::from_secs(10),
                total: Duration::from_secs(30),
            }
        );
    }

    #[test]
    fn the_defaults_keep_their_proportion_to_what_is_given() {
        let total = Duration::from_millis(300);
        let given = of(|given| given.total = Some(total));
        let limits = given.resolve().unwrap();
        assert_eq!(limits.attempt, Duration::from_millis(100));
        assert_eq!(limits.connect, Duration::from_millis(50));
        assert_eq!(limits.write, Duration::from_millis(50));
        assert_eq!(limits.read, Duration::from_millis(100));
    }

    #[test]
    fn a_limit_that_never_fires_is_refused_with_what_to_write() {
        let refused = |given: Given| given.resolve().unwrap_err().to_string();
        let given = of(|given| {
            given.connect = Some(secs(5));
            given.attempt = Some(secs(2));
        });
        assert_eq!(
            refused(given),
            "`connect` of `5s` never fires: `attempt` ends at `2s`\n\
             help: write `.connect(..)` below `2s`, or `.attempt(..)` above `5s`"
        );
        let given = of(|given| given.attempt = Some(secs(30)));
        assert_eq!(
            refused(given),
            "`attempt` of `30s` never fires: `total` ends at `30s`, its default\n\
             help: write `.attempt(..)` below `30s`, or `.total(..)` above `30s`"
        );
        let given = of(|given| given.write = Some(secs(10)));
        assert!(
            refused(given).starts_with("`write` of `10s` never fires: `attempt` ends at `10s`")
        );
        let given = of(|given| given.read = Some(secs(40)));
        assert!(refused(given).starts_with("`read` of `40s` never fires: `total` ends at `30s`"));
    }

    #[test]
    fn a_limit_of_no_time_is_refused() {
        let given = of(|given| given.read = Some(secs(0)));
        assert_eq!(
            given.resolve().unwrap_err().to_string(),
            "`read` of `0ns` leaves no time\nhelp: write a longer `.read(..)`"
        );
        // A third of two nanoseconds is none.
        let given = of(|given| given.total = Some(Duration::from_nanos(2)));
        assert!(
            given
                .resolve()
                .unwrap_err()
                .to_string()
                .contains("leaves no time")
        );
    }
}
