//! The settings of a policy by name: how each option is read into the policy, and how it is written.

use resil_language::carry_over::carry_over;
use resil_language::messages::{self, help};
use resil_language::number::Found;
use resil_language::table::{AliasTarget, Kind, Opt, Spec, one_of};
use resil_language::tables::{bulkhead, circuit, hedge, idempotent, rate_limit, retry, timeout};

use super::given::Given;
use super::value::{Value, with_value};

/// One option of a policy.
pub(crate) struct Setting<P> {
    /// The name, as the attribute has it.
    pub(crate) name: &'static str,
    /// Sets the option to a value, or returns the message of the attribute.
    pub(crate) read: fn(P, &Value<'_>) -> Result<P, String>,
    /// Returns the value in force; `None` if the option has no effect beside the others.
    pub(crate) write: fn(&P) -> Option<Given>,
}

/// The options of a policy that are values. Patterns, expressions and names belong to attributes.
pub(crate) struct Table<P: 'static> {
    /// The options of the attribute.
    pub(crate) spec: &'static Spec,
    pub(crate) settings: &'static [Setting<P>],
    /// The rules between the options, as far as they are about what is written.
    pub(crate) rules: fn(&P, &Written) -> Vec<String>,
}

/// The names of the options that are written, in that order. An option with a faulty value counts.
#[derive(Debug, Default)]
pub(crate) struct Written(Vec<&'static str>);

impl Written {
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.contains(&name)
    }

    pub(crate) fn in_order(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().copied()
    }
}

/// All tables of options. A message about an option that several policies have names the first of them.
const ALL: [&Spec; 7] = [
    &timeout::SPEC,
    &retry::SPEC,
    &circuit::SPEC,
    &idempotent::SPEC,
    &rate_limit::SPEC,
    &hedge::SPEC,
    &bulkhead::SPEC,
];

impl<P: Copy> Table<P> {
    /// Sets one option of a policy.
    ///
    /// # Errors
    ///
    /// The message of the attribute about such an option.
    pub(crate) fn set(&self, policy: P, name: &str, given: &Given) -> Result<P, String> {
        let options = [(name.to_owned(), given.clone())];
        let (policy, _, faults) = self.read(policy, &options);
        if faults.is_empty() {
            Ok(policy)
        } else {
            Err(faults.join("\n"))
        }
    }

    /// Sets the options that are given, and returns which ones and all faults.
    pub(crate) fn read(
        &self,
        mut policy: P,
        given: &[(String, Given)],
    ) -> (P, Written, Vec<String>) {
        let (mut written, mut faults) = (Written::default(), Vec::new());
        let mut values: Vec<(&'static str, &Given)> = Vec::new();
        for (name, value) in given {
            match self.find(name, value) {
                Err(fault) => faults.push(fault),
                Ok(option) if written.has(option.name) => {
                    faults.push(messages::twice(option.name));
                }
                Ok(option) => {
                    written.0.push(option.name);
                    let is_word = matches!(option.kind, Kind::Strategy | Kind::Flag);
                    if is_word && *value != Given::Flag(true) {
                        faults.push(messages::takes_no_value(option, &self.beside(value)));
                    } else if has_no_value(option, value) {
                        faults.push(messages::needs_value(option));
                    } else {
                        values.push((option.name, value));
                    }
                }
            }
        }
        for setting in self.settings {
            let value = values.iter().find(|(name, _)| *name == setting.name);
            let option = self.spec.option(setting.name);
            let (Some((_, given)), Some(option)) = (value, option) else {
                continue;
            };
            match with_value(option, given, |value| (setting.read)(policy, value)) {
                Ok(set) => policy = set,
                Err(fault) => faults.push(fault),
            }
        }
        (policy, written, faults)
    }

    /// Returns the settings in force, by name.
    pub(crate) fn write(&self, policy: &P) -> Vec<(&'static str, Given)> {
        let settings = self.settings.iter();
        settings
            .filter_map(|setting| Some((setting.name, (setting.write)(policy)?)))
            .collect()
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.settings.iter().any(|setting| setting.name == name)
    }

    /// Finds the option of that name, or returns the message about it.
    fn find(&self, name: &str, given: &Given) -> Result<&'static Opt, String> {
        let option = self.spec.option(name);
        if let Some(message) = self.strategy_as_value(name, option, given) {
            return Err(message);
        }
        match option {
            Some(option) if self.has(name) => Ok(option),
            Some(option) => Err(apart(option)),
            None => Err(self.unknown(name, given)),
        }
    }

    /// Returns the message about `base = "linear"` and `delay = "exponential"`.
    fn strategy_as_value(
        &self,
        name: &str,
        option: Option<&'static Opt>,
        given: &Given,
    ) -> Option<String> {
        let Given::Text(word) = given else {
            return None;
        };
        let aliased = || match self.spec.alias(name)? {
            AliasTarget::Option(to, _) | AliasTarget::OneMore(to) => self.spec.option(to),
            AliasTarget::CountOrRatio(..) | AliasTarget::Advice(_) => None,
        };
        let means_delays = option.or_else(aliased).is_none_or(|option| {
            matches!(option.kind, Kind::Duration | Kind::Durations) || option.replaces_strategy
        });
        if !means_delays {
            return None;
        }
        let strategy = match self.spec.alias(word) {
            Some(AliasTarget::Option(name, _)) => self.spec.option(name),
            _ => self.spec.option(word),
        };
        let strategy = strategy.filter(|option| option.kind == Kind::Strategy)?;
        let what = match option {
            Some(option) => messages::strategy_as_value(option, word),
            None => messages::no_option(self.spec, name),
        };
        Some(messages::strategy_alone(&what, strategy, &[]))
    }

    /// Returns the options that a strategy was given as its own: `exponential = { base = "1s" }`.
    fn beside(&self, given: &Given) -> Vec<String> {
        let Given::Table(options) = given else {
            return Vec::new();
        };
        let known = options
            .iter()
            .filter_map(|(name, value)| Some(self.spec.option(name)?.write(&value.shown())));
        known.collect()
    }

    /// Returns the message about a name that the policy has no option of.
    fn unknown(&self, name: &str, given: &Given) -> String {
        let spec = self.spec;
        if let Some(target) = spec.alias(name) {
            return self.answer(name, target, given);
        }
        let mut options = spec.options.iter();
        if *given == Given::Flag(true)
            && let Some(option) = options.find(|option| option.words().contains(&name))
        {
            return messages::word_of(spec, name, option);
        }
        let has_it = |other: &&Spec| other.owner != spec.owner && other.option(name).is_some();
        if let Some(other) = ALL.into_iter().find(has_it) {
            return messages::elsewhere(spec, name, other);
        }
        let near = spec.near(name);
        if let Some(option) = near.and_then(|near| spec.option(near))
            && self.has(option.name)
        {
            let texts = carried(option, name, given, 0);
            return messages::did_you_mean(spec, name, option, &texts);
        }
        match near.and_then(|near| spec.alias(near)) {
            Some(target) => self.answer(name, target, given),
            None => self.no_option(name),
        }
    }

    fn no_option(&self, name: &str) -> String {
        let names: Vec<&str> = self.settings.iter().map(|setting| setting.name).collect();
        help(
            messages::no_option(self.spec, name),
            format!("it has {}", one_of(&names)),
        )
    }

    /// Returns the message that says what another library's `name` is called here.
    fn answer(&self, name: &str, target: AliasTarget, given: &Given) -> String {
        let is_ratio = || match Found::of(&given.shown()) {
            Found::Percent(_) => true,
            Found::Number(number) => number.fractional,
            _ => false,
        };
        let (to, note, added) = match target {
            AliasTarget::Advice(say) => {
                let shown = given.shown();
                let value = match Found::of(&shown) {
                    Found::Number(number) if !number.suffix.is_empty() => Some(&*shown),
                    _ => None,
                };
                return messages::say_instead(self.spec, name, say, value);
            }
            AliasTarget::Option(to, note) => (to, note, 0),
            AliasTarget::OneMore(to) => (to, ", which counts all runs, the first one included", 1),
            AliasTarget::CountOrRatio(_, ratio, note) if is_ratio() => (ratio, note, 0),
            AliasTarget::CountOrRatio(count, _, note) => (count, note, 0),
        };
        let Some(option) = self.spec.option(to).filter(|_| self.has(to)) else {
            return self.no_option(name);
        };
        let texts = carried(option, name, given, added);
        let counts = texts.iter().all(|text| !text.ends_with("unlimited"));
        messages::called_here(self.spec, name, &texts, if counts { note } else { "" })
    }
}

/// Returns the option with the value that was written beside another name.
fn carried(option: &'static Opt, name: &str, given: &Given, added: u32) -> Vec<String> {
    with_value(option, given, |value| {
        let found = match value.found() {
            Found::Word("true") if *given == Given::Flag(true) => Found::Empty,
            found => found,
        };
        carry_over(option, name, (&found, value.shown), added)
    })
}

/// Whether the option is written without the value that it needs: `max = true` is the bare `max`.
fn has_no_value(option: &Opt, value: &Given) -> bool {
    match value {
        Given::Flag(true) => !matches!(
            option.kind,
            Kind::Strategy | Kind::Flag | Kind::Jitter | Kind::Adaptive
        ),
        Given::Text(text) => text.is_empty(),
        _ => false,
    }
}

/// Returns the message about an option that only an attribute has.
fn apart(option: &Opt) -> String {
    let name = option.name;
    match option.kind {
        Kind::Name => help(
            format!("`{name}` has no effect: the state belongs to the name of the stack"),
            "remove it",
        ),
        kind => help(
            format!(
                "`{name}` takes {}, which only an attribute can have",
                kind.takes()
            ),
            "remove it",
        ),
    }
}

/// Checks that `max_keys` is not written, where there are no keys: the state, which `one` names, is that of
/// the stack.
pub(super) fn no_keys(written: &Written, (one, key): (&str, &str)) -> Option<String> {
    written.has("max_keys").then(|| {
        messages::no_effect(
            "max_keys",
            &format!("there is one {one} for all calls"),
            &format!("write `key = {key}` beside it, or remove it"),
        )
    })
}
