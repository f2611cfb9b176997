//! The same for the catalog: the stack in plain words, its worst case, and its options as they are written.

use std::time::Duration;

use super::{decided, worst_case};
use crate::facts::Facts;
use crate::input::Input;
use crate::parse::written_options;
use crate::policy::{self, Policy, without_code_spans};
use crate::stack::{Stack, StackEntry};

/// What the catalog says of an annotated function.
pub(crate) struct Described {
    /// The shared stack that was applied to it; empty if there is none.
    pub(crate) shared_stack: String,
    /// The sentence about the class of an error; empty if there is none.
    pub(crate) decided: String,
    pub(crate) worst_case: String,
    /// The number of attempts; 0 if no literals tell it.
    pub(crate) attempts: u64,
    pub(crate) times: Option<(Duration, Duration)>,
    /// Outermost first.
    pub(crate) layers: Vec<DescribedLayer>,
}

/// What it says of one layer.
pub(crate) struct DescribedLayer {
    pub(crate) policy: &'static str,
    pub(crate) words: String,
    pub(crate) settings: Vec<(String, String)>,
    /// The kind of its static state.
    pub(crate) live: Option<&'static str>,
}

/// Describes a function without a fault.
pub(crate) fn described(
    stack: &Stack,
    input: &Input,
    policies: &[Box<dyn Policy>],
    facts: &[Facts],
) -> Described {
    let worst_case = worst_case(policies);
    let decided = decided::sentence(input, facts).unwrap_or_default();
    let mut layers = policies.iter();
    let mut shared_stack = String::new();
    let mut described = Vec::new();
    for entry in &stack.entries {
        match entry {
            StackEntry::Layer(written) => {
                let attribute = policy::find(&written.name.to_string());
                let (Some(attribute), Some(layer)) = (attribute, layers.next()) else {
                    continue;
                };
                let (args, nameless) = (written.args.clone(), attribute.nameless);
                described.push(DescribedLayer {
                    policy: attribute.name,
                    words: words(&layer.words()),
                    settings: written_options(args, attribute.options, nameless),
                    live: layer.live(),
                });
            }
            StackEntry::Applied(applied) => shared_stack = applied.name.to_string(),
            StackEntry::Apply(_) | StackEntry::Instrument => {}
        }
    }
    Described {
        shared_stack,
        decided: without_code_spans(&decided),
        worst_case: without_code_spans(&worst_case.sentence()),
        attempts: attempts(facts),
        times: worst_case.times(),
        layers: described,
    }
}

/// Returns the line of a layer as plain text, without the name of the policy in front.
fn words(line: &str) -> String {
    let behind = line.trim_start_matches("**").split_once("**");
    let says = behind.map_or(line, |(_, says)| says);
    without_code_spans(says.trim_start_matches([':', ',', ' ']))
}

/// Multiplies the runs of all layers; 0 if one of them is not known.
fn attempts(facts: &[Facts]) -> u64 {
    facts.iter().fold(1, |all, layer| {
        let runs = match (&layer.repeats, &layer.copies) {
            (Some(repeats), _) => repeats.runs.unwrap_or(0),
            (None, Some(copies)) => copies.max.unwrap_or(0),
            (None, None) => 1,
        };
        u64::from(runs).saturating_mul(all)
    })
}
