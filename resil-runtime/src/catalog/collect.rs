//! Puts the catalog together.

use std::time::Duration;

use super::described::{self, Described, DescribedLayer, DescribedState};
use super::entry::{
    Catalog, CatalogCall, CatalogEntry, CatalogKind, CatalogPolicy, CatalogSetting, Origin,
    WorstCase,
};
use super::live::{self, LiveState};
use super::millis::up_to_a_milli;
use super::{defaults, values};
use crate::call::Site;
use crate::stack::{self, Layer, RunUnder, State};

/// Returns the annotated functions of this program, run or not, and the policies that were run as values, as
/// they stand now, with the calls between them that were seen.
///
/// The functions are known before `main` runs, those of all crates that are linked in. A function that
/// generic arguments or a trait multiply is one entry. The state of all `Self` types of a method is listed in
/// its entry.
///
/// Nothing is held while it reads: what it tells of two policies need not be of one moment. It takes locks
/// for a short time each, and allocates: call it for a page or a log, not for each request.
///
/// Where two functions would read the same, as in two `impl`s of one module, the one that was shown first
/// has the plain name. The first call of this function names all that were not shown before, in the order of
/// file and line.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), resil_runtime::Error> {
/// use resil_runtime::Stack;
/// use resil_runtime::retry::RetryPolicy;
///
/// static MAIL: Stack = Stack::new("mail").retry(RetryPolicy::new().max(5));
/// MAIL.run(async || Ok::<_, resil_runtime::Error>(())).await?;
///
/// let catalog = resil_runtime::catalog();
/// assert_eq!(catalog.get("mail").unwrap().worst_case.attempts, Some(5));
/// println!("{catalog}");
/// # Ok(())
/// # }
/// ```
pub fn catalog() -> Catalog {
    let mut described: Vec<&'static Described> = described::all().collect();
    described.sort_by_key(|of| (of.file, of.site.line(), of.site.function()));
    let mut states = stack::all();
    states.sort_by_key(|state| state.site.name());
    let sites = described.iter().map(|of| of.site);
    let sites: Vec<_> = sites.chain(states.iter().map(|state| state.site)).collect();
    let functions = described.into_iter().map(function);
    let functions = functions.chain(states.into_iter().map(value)).collect();
    Catalog {
        functions: steered(functions),
        calls: calls(&sites),
        calls_left_out: sites.iter().any(|site| site.callers().has_more()),
    }
}

/// Puts in what has changed since the attributes were written.
fn steered(functions: Vec<CatalogEntry>) -> Vec<CatalogEntry> {
    #[cfg(all(feature = "control", not(loom)))]
    {
        let mut functions = functions;
        let steered = super::steered::Steered::now();
        for entry in &mut functions {
            steered.apply(entry);
        }
        functions
    }
    #[cfg(not(all(feature = "control", not(loom))))]
    functions
}

/// Puts in what has changed of the states of a value.
fn steered_value(
    name: &'static str,
    layers: &[Layer],
    policies: Vec<CatalogPolicy>,
) -> Vec<CatalogPolicy> {
    #[cfg(all(feature = "control", not(loom)))]
    {
        let mut policies = policies;
        super::steered::apply_name(name, layers, &mut policies);
        policies
    }
    #[cfg(not(all(feature = "control", not(loom))))]
    {
        let _ = (name, layers);
        policies
    }
}

fn calls(sites: &[&'static Site]) -> Vec<CatalogCall> {
    let calls = sites.iter().flat_map(|callee| {
        let callers = callee.callers().all();
        callers.map(|caller| CatalogCall {
            caller: caller.name().to_owned(),
            callee: callee.name().to_owned(),
        })
    });
    let mut calls: Vec<_> = calls.collect();
    calls.sort_unstable();
    calls
}

fn function(of: &'static Described) -> CatalogEntry {
    let known = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let times = of.times;
    CatalogEntry {
        function: of.site.name().to_owned(),
        kind: CatalogKind::Function,
        file: known(of.file),
        line: Some(of.site.line()),
        shared_stack: known(of.shared_stack),
        has_run: of.site.callers().has_run(),
        in_flight: in_flight(of.site),
        policies: of.layers.iter().map(layer).collect(),
        decided: known(of.decided),
        injected: Vec::new(),
        worst_case: WorstCase {
            attempts: (of.attempts > 0).then_some(of.attempts),
            time: times.map(|(own, _)| up_to_a_milli(own)),
            time_if_asked: times.map(|(_, asked)| up_to_a_milli(asked)),
            words: of.worst_case.to_owned(),
        },
    }
}

fn layer(of: &DescribedLayer) -> CatalogPolicy {
    let written = of.settings.iter().map(|(option, value)| CatalogSetting {
        option: (*option).to_owned(),
        value: (*value).to_owned(),
        origin: Origin::Attribute,
    });
    let defaults = defaults::of(of.policy, of.settings);
    let defaults = defaults.map(|(option, value)| CatalogSetting {
        option: option.to_owned(),
        value: value.into_owned(),
        origin: Origin::Default,
    });
    CatalogPolicy {
        policy: of.policy.to_owned(),
        words: of.words.to_owned(),
        settings: written.chain(defaults).collect(),
        switched_off_by: None,
        live: live::of(of.state, of.settings),
    }
}

/// Describes the values of one name, or at one place.
fn value(state: &'static State) -> CatalogEntry {
    let RunUnder { claim, layers } = state.last_run.get();
    let name = state.site.name();
    let place = state.is_place.then(|| place(name)).flatten();
    let worst_case = values::worst_case(claim.as_ref(), &layers);
    let whole = |time: Option<Duration>| time.map(up_to_a_milli);
    let policies = claim.as_ref().map(values::claim).into_iter();
    let policies = policies
        .chain(layers.iter().map(|layer| value_layer(state, layer)))
        .collect();
    CatalogEntry {
        function: name.to_owned(),
        kind: if state.is_place {
            CatalogKind::Policy
        } else {
            CatalogKind::Stack
        },
        file: place.map(|(file, _)| file.to_owned()),
        line: place.map(|(_, line)| line),
        shared_stack: None,
        has_run: state.site.callers().has_run(),
        in_flight: in_flight(state.site),
        policies: steered_value(name, &layers, policies),
        decided: None,
        injected: Vec::new(),
        worst_case: WorstCase {
            time: whole(worst_case.time),
            time_if_asked: whole(worst_case.time_if_asked),
            ..worst_case
        },
    }
}

/// Reads `src/pay.rs:12:5`.
fn place(text: &str) -> Option<(&str, u32)> {
    let (place, _column) = text.rsplit_once(':')?;
    let (file, line) = place.rsplit_once(':')?;
    Some((file, line.parse().ok()?))
}

fn value_layer(state: &'static State, layer: &Layer) -> CatalogPolicy {
    let live = |state| -> Vec<LiveState> { live::of(state, &[]) };
    CatalogPolicy {
        policy: layer.name().to_owned(),
        words: values::words(layer),
        settings: values::settings(layer),
        switched_off_by: None,
        live: match layer {
            Layer::Circuit(_) => live(DescribedState::Circuit(&state.circuit)),
            Layer::Bulkhead(_) => live(DescribedState::Bulkhead(&state.bulkhead)),
            Layer::RateLimit(_) => live(DescribedState::RateLimit(&state.rate_limit)),
            Layer::Retry(policy) if policy.budget.is_some() => {
                live(DescribedState::Retry(&state.retry))
            }
            #[cfg(feature = "hedge")]
            Layer::Hedge(policy) if policy.gain.is_some() => {
                live(DescribedState::Hedge(&state.hedge))
            }
            #[cfg(feature = "hedge")]
            Layer::Hedge(_) => Vec::new(),
            Layer::Retry(_) | Layer::Timeout(_) => Vec::new(),
        },
    }
}

/// Returns the calls in flight, if they are counted.
fn in_flight(site: &'static Site) -> Option<u64> {
    #[cfg(feature = "shutdown")]
    let calls = Some(site.in_flight());
    #[cfg(not(feature = "shutdown"))]
    let calls = None;
    let _ = site;
    calls
}
