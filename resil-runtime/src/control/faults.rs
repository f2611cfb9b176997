//! Which faults are injected into the runs of a function: settings, and the draw.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use resil_language::number::Found;
use resil_language::table::{Kind, Opt, Spec};

use super::origin::help;
use crate::event::InjectedFault;
use crate::random;
use crate::settings::{Given, Named, Setting, Table, Value, count, ratio, time};
use crate::stack::Layer;

/// The shares of the runs of a function that get faults.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Faults {
    seed: u32,
    delay: f64,
    delay_for: Duration,
    pub(super) error: f64,
    pub(super) hang: f64,
    panic: f64,
    pub(super) drop: f64,
}

static SPEC: Spec = Spec {
    owner: "`chaos`",
    options: &[
        Opt::new("seed", Kind::Count, "7"),
        Opt::new("delay", Kind::Ratio, "10%"),
        Opt::new("delay_for", Kind::Duration, "200ms"),
        Opt::new("error", Kind::Ratio, "10%"),
        Opt::new("hang", Kind::Ratio, "1%"),
        Opt::new("panic", Kind::Ratio, "1%"),
        Opt::new("drop", Kind::Ratio, "5%"),
    ],
    aliases: &[],
    nameless: &[],
};

fn share(value: &Value<'_>) -> Result<f64, String> {
    match value.found() {
        Found::Word("off") => Ok(0.0),
        _ => value.ratio(),
    }
}

fn shown(share: f64) -> Option<Given> {
    (share > 0.0).then(|| ratio(share))
}

static TABLE: Table<Faults> = Table {
    spec: &SPEC,
    settings: &[
        Setting {
            name: "seed",
            read: |faults, value| {
                let seed = value.count(0, u32::MAX)?;
                Ok(Faults { seed, ..faults })
            },
            write: |faults| Some(count(faults.seed)),
        },
        Setting {
            name: "delay",
            read: |faults, value| {
                let delay = share(value)?;
                Ok(Faults { delay, ..faults })
            },
            write: |faults| shown(faults.delay),
        },
        Setting {
            name: "delay_for",
            read: |faults, value| {
                let delay_for = value.duration()?;
                Ok(Faults {
                    delay_for,
                    ..faults
                })
            },
            write: |faults| Some(time(faults.delay_for)),
        },
        Setting {
            name: "error",
            read: |faults, value| {
                let error = share(value)?;
                Ok(Faults { error, ..faults })
            },
            write: |faults| shown(faults.error),
        },
        Setting {
            name: "hang",
            read: |faults, value| {
                let hang = share(value)?;
                Ok(Faults { hang, ..faults })
            },
            write: |faults| shown(faults.hang),
        },
        Setting {
            name: "panic",
            read: |faults, value| {
                let panic = share(value)?;
                Ok(Faults { panic, ..faults })
            },
            write: |faults| shown(faults.panic),
        },
        Setting {
            name: "drop",
            read: |faults, value| {
                let drop = share(value)?;
                Ok(Faults { drop, ..faults })
            },
            write: |faults| shown(faults.drop),
        },
    ],
    rules: |_, _| Vec::new(),
};

impl Named for Faults {
    const NAME: &'static str = "chaos";
    const TABLE: &'static Table<Self> = &TABLE;
    const BASE: Self = Self {
        seed: 0,
        delay: 0.0,
        delay_for: Duration::from_millis(200),
        error: 0.0,
        hang: 0.0,
        panic: 0.0,
        drop: 0.0,
    };

    fn layer(self) -> Option<Layer> {
        None
    }
}

impl Faults {
    fn all(&self) -> f64 {
        self.error + self.hang + self.panic + self.drop + self.delay
    }

    /// Returns what is wrong with the shares together.
    pub(super) fn too_many(&self) -> Option<String> {
        (self.all() > 1.0 + 1e-9).then(|| {
            help(
                format!("the shares are {:.0}% together", self.all() * 100.0),
                "write shares of 100% or less together",
            )
        })
    }

    /// Returns whether an option has an effect beside the others.
    pub(super) fn has_effect(&self, option: &str) -> bool {
        option != "delay_for" || self.delay > 0.0
    }

    pub(super) fn is_nothing(&self) -> bool {
        self.all() <= 0.0
    }
}

/// The faults of one function, and how many runs have drawn so far.
///
/// Run n of a function always draws the same, whatever other functions do and in whatever order calls come.
#[derive(Debug)]
pub(super) struct Injection {
    pub(super) faults: Faults,
    /// The seed, and the function.
    key: u64,
    runs: AtomicU64,
}

impl Injection {
    pub(super) fn new(faults: Faults, function: &str) -> Self {
        // FNV-1a: it is the same in every process.
        let mut key = 0xcbf2_9ce4_8422_2325_u64 ^ u64::from(faults.seed);
        for byte in function.bytes() {
            key = (key ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        Self {
            faults,
            key,
            runs: AtomicU64::new(0),
        }
    }

    /// Draws for the next run. Returns its number with its fault, if it gets one.
    pub(super) fn next(&self) -> Option<(u64, InjectedFault)> {
        let run = self.runs.fetch_add(1, Relaxed) + 1;
        Some((run, self.draw(run)?))
    }

    fn draw(&self, run: u64) -> Option<InjectedFault> {
        let drawn = random::mixed(
            self.key
                .wrapping_add(run.wrapping_mul(0x9e37_79b9_7f4a_7c15)),
        );
        let mut left = (drawn >> 11) as f64 / (1_u64 << 53) as f64;
        let Faults {
            delay,
            delay_for,
            error,
            hang,
            panic,
            drop,
            ..
        } = self.faults;
        let kinds = [
            (error, InjectedFault::Error),
            (hang, InjectedFault::Hang),
            (panic, InjectedFault::Panic),
            (drop, InjectedFault::Drop),
            (delay, InjectedFault::Delay(delay_for)),
        ];
        for (share, fault) in kinds {
            if left < share {
                return Some(fault);
            }
            left -= share;
        }
        None
    }
}

/// Returns why faults can't be injected in this process.
pub(super) fn refused() -> Option<String> {
    let is_allowed = std::env::var_os("RESIL_CHAOS").is_some_and(|value| value == "allow");
    refused_in(is_debug(), is_allowed)
}

#[cfg(not(test))]
fn is_debug() -> bool {
    cfg!(debug_assertions)
}

#[cfg(test)]
fn is_debug() -> bool {
    !tests::IS_RELEASE.get()
}

#[cfg(test)]
pub(super) use self::tests::as_in_a_release_build;

fn refused_in(is_debug: bool, is_allowed: bool) -> Option<String> {
    (!is_debug && !is_allowed).then(|| {
        help(
            "this is a release build, in which no fault is injected",
            "remove it, or set `RESIL_CHAOS=allow` in the environment of the process",
        )
    })
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    thread_local! {
        pub(super) static IS_RELEASE: Cell<bool> = const { Cell::new(false) };
    }

    /// Runs `test` as a release build does.
    pub(in super::super) fn as_in_a_release_build<R>(test: impl FnOnce() -> R) -> R {
        IS_RELEASE.set(true);
        let result = test();
        IS_RELEASE.set(false);
        result
    }

    fn faults() -> Faults {
        Faults {
            seed: 7,
            error: 0.2,
            drop: 0.1,
            delay: 0.3,
            ..Faults::BASE
        }
    }

    #[test]
    fn so_many_runs_get_each_fault_as_the_shares_say() {
        let injection = Injection::new(faults(), "app::charge");
        let mut counts = [0_u32; 3];
        for _ in 0..100_000 {
            match injection.next() {
                Some((_, InjectedFault::Error)) => counts[0] += 1,
                Some((_, InjectedFault::Drop)) => counts[1] += 1,
                Some((_, InjectedFault::Delay(_))) => counts[2] += 1,
                Some(other) => panic!("{other:?}"),
                None => {}
            }
        }
        for (count, share) in counts.into_iter().zip([20_000, 10_000, 30_000_u32]) {
            assert!(count.abs_diff(share) < 1_000, "{counts:?}");
        }
    }

    #[test]
    fn a_seed_and_a_function_draw_the_same_and_others_do_not() {
        let drawn = |faults, function| {
            let injection = Injection::new(faults, function);
            (0..1_000).map(|_| injection.next()).collect::<Vec<_>>()
        };
        let other_seed = Faults {
            seed: 8,
            ..faults()
        };
        assert_eq!(drawn(faults(), "a"), drawn(faults(), "a"));
        assert_ne!(drawn(faults(), "a"), drawn(faults(), "b"));
        assert_ne!(drawn(faults(), "a"), drawn(other_seed, "a"));
    }

    #[test]
    fn a_release_build_has_to_be_allowed() {
        assert_eq!(refused_in(true, false), None);
        assert_eq!(refused_in(false, true), None);
        assert!(
            refused_in(false, false)
                .unwrap()
                .contains("RESIL_CHAOS=allow")
        );
    }
}
