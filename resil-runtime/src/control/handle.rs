//! The handles by which settings are changed by hand.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::file;
use super::in_force::{LayerInForce, in_force};
use super::operations::{change, read_environment};
use super::origin::{ControlError, ControlFault, Origin, help};
use super::probe::{Probe, set_by};
use super::setting::{Change, Setting, Target};
use super::steering::{Edit, lock};
use super::text;
use super::unused::for_nobody;
use super::written::Kind;
use crate::bulkhead::BulkheadPolicy;
use crate::circuit::CircuitPolicy;
#[cfg(feature = "hedge")]
use crate::hedge::HedgePolicy;
#[cfg(feature = "idempotent")]
use crate::idempotency::IdempotentPolicy;
use crate::rate_limit::RateLimitPolicy;
use crate::retry::RetryPolicy;
use crate::settings::{Given, time};

/// Changes settings while the program runs: [`control`](crate::control()) returns it.
#[derive(Debug, Clone, Copy)]
pub struct Control(());

/// Returns the handle by which policies are switched off and on, and their numbers changed, while the
/// program runs.
pub fn control() -> Control {
    Control(())
}

impl Control {
    /// Returns the settings of one function by hand: its path, as events show it (`app::charge`). It need
    /// not have been called yet.
    pub fn function(&self, path: impl Into<String>) -> FunctionControl {
        FunctionControl(Target::Function(path.into()))
    }

    /// Returns the settings by hand of all that give this name: a circuit, a bulkhead, a rate limit, a
    /// retry budget, an `#[idempotent]`.
    pub fn name(&self, name: impl Into<String>) -> NameControl {
        NameControl(Target::Name(name.into()))
    }

    /// Returns the switches of all functions, and the faults that are injected into all.
    pub fn all(&self) -> AllControl {
        AllControl(Target::All)
    }

    /// Puts the settings of a file in force, in the place of those of the file that was loaded before.
    ///
    /// # Errors
    ///
    /// Returns all faults, with the line and the key of each. Nothing of the file is applied then, and the
    /// settings of before stay in force.
    pub fn load(&self, path: impl AsRef<Path>) -> Result<(), ControlError> {
        let path: Arc<Path> = path.as_ref().into();
        let text = std::fs::read_to_string(&path)
            .map_err(|error| ControlError::new(vec![file::unreadable(&path, &error)]))?;
        self.load_text(path, &text)
    }

    /// Puts the settings of a text in force, as [`load`](Self::load) does. `path` is shown as the place of
    /// the text, and is what [`reload`](Self::reload) reads.
    ///
    /// # Errors
    ///
    /// As those of `load`.
    pub fn load_text(&self, path: impl Into<Arc<Path>>, text: &str) -> Result<(), ControlError> {
        let path = path.into();
        let settings = file::read(&path, text);
        let settings = settings.map_err(|faults| ControlError::new(file::spelled(faults)))?;
        change(Edit::File(path, settings))
    }

    /// Reads the environment anew, and the file that was loaded last, if there is one.
    ///
    /// # Errors
    ///
    /// As those of [`load`](Self::load).
    pub fn reload(&self) -> Result<(), ControlError> {
        read_environment();
        let path = lock().path.clone();
        path.map_or(Ok(()), |path| self.load(path))
    }

    /// Returns the settings that are left out: those of variables, and those of a file or by hand that a
    /// function turned out not to be able to have when it was called for the first time. They are left out for
    /// that function alone; numbers that it shares with others stay. A fault is listed until its setting is set anew or
    /// taken back. The newest 1,000 are kept.
    pub fn faults(&self) -> Vec<ControlFault> {
        file::spelled(lock().faults())
    }

    /// Returns the settings that are for nobody so far: no function of that path was called, nothing gives
    /// that name, or nobody of that name has the `key` or the `store` that the option is about. The message
    /// has the nearest name that there is.
    pub fn unused(&self) -> Vec<ControlFault> {
        let steering = lock();
        let mut unused: Vec<ControlFault> = Vec::new();
        for setting in steering.layers().all() {
            if let Some(message) = for_nobody(setting, &steering.functions) {
                unused.push(setting.fault(message));
            }
        }
        unused.extend(
            steering
                .unused_variables()
                .iter()
                .map(|variable| ControlFault {
                    origin: Origin::Environment {
                        variable: Arc::clone(variable),
                    },
                    key: String::new(),
                    message: help(
                        "no function and no name that is known has such a setting",
                        "write `RESIL_<name or function>_<option>`, in capitals",
                    ),
                }),
        );
        unused
    }

    /// Returns the settings in force of all functions that were called, layer by layer, each option with
    /// where its value comes from. Below the layers of a function stand the faults that are injected into it.
    pub fn in_force(&self) -> Vec<LayerInForce> {
        in_force()
    }

    /// Takes back all that was set by hand. The file and the environment stay in force.
    ///
    /// # Errors
    ///
    /// Returns the faults that what is left would have.
    pub fn clear(&self) -> Result<(), ControlError> {
        change(Edit::Back(None))
    }
}

/// The settings of one function by hand: [`Control::function`] returns it.
#[derive(Debug, Clone)]
pub struct FunctionControl(Target);

/// The settings by hand of all that give a name: [`Control::name`] returns it.
#[derive(Debug, Clone)]
pub struct NameControl(pub(super) Target);

/// The switches of all functions, and the faults that are injected into all: [`Control::all`] returns it.
#[derive(Debug, Clone)]
pub struct AllControl(Target);

fn setting(target: &Target, kind: Option<Kind>, change: Change) -> Setting {
    Setting {
        target: target.clone(),
        kind,
        change,
        origin: Origin::Hand,
        left_out: BTreeSet::new(),
    }
}

fn switch(target: &Target, policy: &str, on: bool) -> Result<(), ControlError> {
    let kind = kind_of(target, policy)?;
    let switch = Change::Switch(on);
    change(Edit::Hand(vec![setting(target, Some(kind), switch)]))
}

fn switch_all(target: &Target, on: bool) -> Result<(), ControlError> {
    let switch = Change::Switch(on);
    change(Edit::Hand(vec![setting(target, None, switch)]))
}

fn kind_of(target: &Target, policy: &str) -> Result<Kind, ControlError> {
    Kind::read(policy)
        .map_err(|message| ControlError::one(Origin::Hand, format!("{target}.{policy}"), message))
}

fn set(target: &Target, option: &str, value: &str) -> Result<(), ControlError> {
    let (policy, option) = option.split_once('.').unwrap_or((option, ""));
    let kind = kind_of(target, policy)?;
    if option.is_empty() && kind != Kind::Timeout {
        let message = help(
            format!("`{policy}` has options"),
            format!("write `{policy}.<option>`, such as `retry.max`"),
        );
        return Err(ControlError::one(
            Origin::Hand,
            format!("{target}.{policy}"),
            message,
        ));
    }
    let option = Change::Option(option.to_owned(), text::given(value));
    change(Edit::Hand(vec![setting(target, Some(kind), option)]))
}

fn build<P: Probe>(
    target: &Target,
    kind: Kind,
    build: impl Fn(P) -> P,
) -> Result<(), ControlError> {
    let set = set_by(build).into_iter();
    let set = set
        .map(|(name, given)| setting(target, Some(kind), Change::Option(name.to_owned(), given)));
    change(Edit::Hand(set.collect()))
}

/// The methods that all three handles have.
macro_rules! switches {
    ($handle:ty, $of:literal) => {
        impl $handle {
            #[doc = concat!("Switches a policy of ", $of, " off, by the name of its attribute: what is inside it runs plainly.")]
            ///
            /// # Errors
            ///
            /// Returns what is wrong, with the text to write instead: there is no such policy, or without
            /// it the stack of a function breaks a rule. Nothing is changed then.
            pub fn off(&self, policy: &str) -> Result<(), ControlError> {
                switch(&self.0, policy, false)
            }

            #[doc = concat!("Switches a policy of ", $of, " on, also where a file or the environment switches it off.")]
            ///
            /// # Errors
            ///
            /// As those of [`off`](Self::off).
            pub fn on(&self, policy: &str) -> Result<(), ControlError> {
                switch(&self.0, policy, true)
            }

            #[doc = concat!("Switches all policies of ", $of, " off.")]
            ///
            /// # Errors
            ///
            /// As those of [`off`](Self::off).
            pub fn off_all(&self) -> Result<(), ControlError> {
                switch_all(&self.0, false)
            }

            #[doc = concat!("Switches all policies of ", $of, " on.")]
            ///
            /// # Errors
            ///
            /// As those of [`off`](Self::off).
            pub fn on_all(&self) -> Result<(), ControlError> {
                switch_all(&self.0, true)
            }

            #[doc = concat!("Takes back what was set by hand for ", $of, ".")]
            ///
            /// # Errors
            ///
            /// Returns the faults that what is left would have.
            pub fn clear(&self) -> Result<(), ControlError> {
                change(Edit::Back(Some(self.0.clone())))
            }
        }
    };
}

impl AllControl {
    /// Sets one option of the faults that are injected into all functions, by its name: `chaos.error` to `10%`. Those
    /// that a function can't have are left out there; what is for a name or for a function goes over it.
    ///
    /// # Errors
    ///
    /// Returns what is wrong, with the text to write instead: other policies are switched off and on for all
    /// functions, and nothing else. Nothing is changed then.
    pub fn set(&self, option: &str, value: &str) -> Result<(), ControlError> {
        if let Some((policy, name)) = option.split_once('.')
            && let Some(kind) = Kind::of(policy).filter(|kind| *kind != Kind::Chaos)
        {
            let message = for_each(kind, name, value);
            let key = format!("{}.{option}", self.0);
            return Err(ControlError::one(Origin::Hand, key, message));
        }
        set(&self.0, option, value)
    }
}

/// Returns the message about an option that is set for all functions at once.
fn for_each(kind: Kind, option: &str, value: &str) -> String {
    let policy = kind.name();
    let set = |of: &str| format!("`control().{of}.set(\"{policy}.{option}\", {value:?})`");
    let function = set("function(\"app::charge\")");
    let name = kind.is_named().then(|| set("name(\"pay\")"));
    let name = name.map_or(String::new(), |name| format!(", or for each name, {name}"));
    help(
        "for all functions a policy is switched off and on, and nothing else",
        format!("write `{option}` for each function, {function}{name}"),
    )
}

switches!(FunctionControl, "the function");
switches!(NameControl, "all that give the name");
switches!(AllControl, "all functions");

/// Writes methods that set options by the builder of a policy.
macro_rules! builders {
    ($handle:ty: $($(#[$meta:meta])* $name:ident($policy:ty) = $kind:ident;)*) => {
        impl $handle {
            $(
                $(#[$meta])*
                #[doc = concat!("Sets the options of its `", stringify!($name), "` that `build` sets, those that it sets to their defaults too; others stay as they are.")]
                ///
                /// `build` is called several times, with policies that have all kinds of settings.
                ///
                /// # Errors
                ///
                /// Returns what is wrong, with the text to write instead. Nothing is changed then.
                pub fn $name(&self, build: impl Fn($policy) -> $policy) -> Result<(), ControlError> {
                    self::build(&self.0, Kind::$kind, build)
                }
            )*

            /// Sets one option by its name: `retry.max` to `3`, with the value as an attribute has it.
            ///
            /// # Errors
            ///
            /// Returns what is wrong, with the text to write instead. Nothing is changed then.
            pub fn set(&self, option: &str, value: &str) -> Result<(), ControlError> {
                set(&self.0, option, value)
            }
        }
    };
}

builders! { FunctionControl:
    retry(RetryPolicy) = Retry;
    circuit(CircuitPolicy) = Circuit;
    bulkhead(BulkheadPolicy) = Bulkhead;
    rate_limit(RateLimitPolicy) = RateLimit;
    #[cfg(feature = "hedge")]
    hedge(HedgePolicy) = Hedge;
    #[cfg(feature = "idempotent")]
    idempotent(IdempotentPolicy) = Idempotent;
}

builders! { NameControl:
    circuit(CircuitPolicy) = Circuit;
    bulkhead(BulkheadPolicy) = Bulkhead;
    rate_limit(RateLimitPolicy) = RateLimit;
    #[cfg(feature = "idempotent")]
    idempotent(IdempotentPolicy) = Idempotent;
}

impl FunctionControl {
    /// Sets the limits of its timeouts, the outermost first.
    ///
    /// # Errors
    ///
    /// Returns what is wrong, with the text to write instead: there is another number of timeouts, or an
    /// inner one is not shorter than one around it. Nothing is changed then.
    pub fn timeout(&self, limits: &[Duration]) -> Result<(), ControlError> {
        let limits = Given::List(limits.iter().copied().map(time).collect());
        let option = Change::Option(String::new(), limits);
        change(Edit::Hand(vec![setting(
            &self.0,
            Some(Kind::Timeout),
            option,
        )]))
    }
}
