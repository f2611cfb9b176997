//! The same for the catalog: the stack in plain words, its worst case, and its options as they are written.

use crate::described::{Described, DescribedLayer};
use crate::facts::Facts;
use crate::parse::written_options;
use crate::policy::{self, Policy, WorstCase, without_code_spans};
use crate::stack::{Stack, StackEntry};

/// Describes a function with such a worst case, for whose errors `decided` is the sentence.
pub(super) fn described(
    stack: &Stack,
    worst_case: &WorstCase,
    decided: &str,
    policies: &[Box<dyn Policy>],
    facts: &[Facts],
) -> Described {
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
        decided: without_code_spans(decided),
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
