//! A stack from configuration: a name, and its layers in written order.

use resil_language::messages::help;
use resil_language::nearest::nearest;
use resil_language::table::one_of;

use super::given::Given;
use super::table::Written;
use super::{Named, read, show, timeout};
use crate::bulkhead::BulkheadPolicy;
use crate::circuit::CircuitPolicy;
#[cfg(feature = "hedge")]
use crate::hedge::HedgePolicy;
use crate::rate_limit::RateLimitPolicy;
use crate::retry::RetryPolicy;
use crate::stack::{Layer, Stack, check_layer, check_name};

/// The names of the layers.
const LAYERS: &[&str] = &[
    "circuit",
    "retry",
    "timeout",
    "bulkhead",
    "rate_limit",
    #[cfg(feature = "hedge")]
    "hedge",
];

/// Reads a stack.
///
/// # Errors
///
/// All faults, each with the layer that it is about.
pub(super) fn stack(given: &Given) -> Result<Stack, String> {
    let Given::Table(options) = given else {
        let what = format!(
            "a stack has a `name` and `layers`, but here is `{}`",
            given.shown()
        );
        return Err(help(what, r#"write `name = "pay"` and `layers = [..]`"#));
    };
    let (mut name, mut layers, mut faults) = (None, None, Vec::new());
    for (option, value) in options {
        let place = match option.as_str() {
            "name" => &mut name,
            "layers" => &mut layers,
            _ => {
                faults.push(no_option(option));
                continue;
            }
        };
        if place.replace(value).is_some() {
            faults.push(resil_language::messages::twice(option));
        }
    }
    let name = match name {
        Some(Given::Text(name)) => name.as_str(),
        _ => "",
    };
    if let Some(fault) = check_name(name) {
        faults.push(fault.told(&|_| true));
    }
    let layers = match layers {
        Some(Given::List(layers)) => layers.as_slice(),
        Some(other) => {
            let what = format!(
                "`layers` takes a list of layers, but here is `{}`",
                other.shown()
            );
            faults.push(help(what, "write `layers = [{ retry = { max = 3 } }]`"));
            &[]
        }
        None => {
            let what = format!("the stack `{name}` has no layers");
            faults.push(help(what, "write `layers = [{ retry = { max = 3 } }]`"));
            &[]
        }
    };
    let layers = all(name, layers, &mut faults);
    if !faults.is_empty() {
        return Err(faults.join("\n"));
    }
    // Nothing is kept of a stack that is refused.
    Stack::try_new(name, layers).map_err(|error| error.to_string())
}

/// Reads the layers, outermost first, and holds each against those around it.
fn all(name: &str, given: &[Given], faults: &mut Vec<String>) -> Vec<Layer> {
    let mut layers: Vec<Layer> = Vec::new();
    for (at, given) in given.iter().enumerate() {
        let place = format!("stack `{name}`, layer {}", at + 1);
        let checked = match layer(given) {
            Ok((layer, written)) => match check_layer(&layers, &layer) {
                Some(fault) => Err((Some(layer.name()), vec![fault.told(&|n| written.has(n))])),
                None => Ok(layer),
            },
            Err(refused) => Err(refused),
        };
        match checked {
            Ok(layer) => layers.push(layer),
            Err((policy, found)) => {
                let place = match policy {
                    Some(policy) => format!("{place} (`{policy}`)"),
                    None => place,
                };
                faults.extend(found.into_iter().map(|fault| format!("{place}: {fault}")));
            }
        }
    }
    layers
}

fn no_option(option: &str) -> String {
    let what = format!("a stack has no option `{option}`");
    match nearest(option, ["name", "layers"]) {
        Some(near) => help(what, format!("did you mean `{near}`?")),
        None => help(what, "it has `name` and `layers`"),
    }
}

/// The faults of a layer, and its policy if that is known.
pub(super) type Refused = (Option<&'static str>, Vec<String>);

/// Reads one layer: `{ retry = { max = 3 } }`, or `"retry"` for one without options.
pub(super) fn layer(given: &Given) -> Result<(Layer, Written), Refused> {
    let (policy, options) = match given {
        Given::Text(policy) => (policy, &Given::Flag(true)),
        Given::Table(policies) => match policies.as_slice() {
            [(policy, options)] => (policy, options),
            _ => return Err((None, vec![not_one(policies)])),
        },
        _ => {
            let what = format!(
                "a layer is a policy with its options, but here is `{}`",
                given.shown()
            );
            return Err((None, vec![help(what, "write `{ retry = { max = 3 } }`")]));
        }
    };
    let Some(policy) = LAYERS.iter().copied().find(|name| name == policy) else {
        return Err((None, vec![no_policy(policy)]));
    };
    let read = match policy {
        "timeout" => timeout::read(options)
            .map(|policy| (policy.into(), Written::default()))
            .map_err(|fault| vec![fault]),
        "circuit" => of::<CircuitPolicy>(options),
        "retry" => of::<RetryPolicy>(options),
        "bulkhead" => of::<BulkheadPolicy>(options),
        #[cfg(feature = "hedge")]
        "hedge" => of::<HedgePolicy>(options),
        _ => of::<RateLimitPolicy>(options),
    };
    read.map_err(|faults| (Some(policy), faults))
}

fn of<P: Named + Into<Layer>>(given: &Given) -> Result<(Layer, Written), Vec<String>> {
    read::policy::<P>(given).map(|(policy, written)| (policy.into(), written))
}

fn not_one(policies: &[(String, Given)]) -> String {
    let names: Vec<String> = policies
        .iter()
        .map(|(name, _)| format!("`{name}`"))
        .collect();
    if names.is_empty() {
        return help(
            "a layer is one policy, but here is none",
            "write `{ retry = { max = 3 } }`",
        );
    }
    help(
        format!(
            "a layer is one policy, but here are {}",
            names.join(" and ")
        ),
        "write a layer for each, the outermost first",
    )
}

fn no_policy(policy: &str) -> String {
    let what = format!("there is no policy `{policy}` for a layer");
    match nearest(policy, LAYERS.iter().copied()) {
        Some(near) => help(what, format!("did you mean `{near}`?")),
        None => help(what, format!("they are {}", one_of(LAYERS))),
    }
}

/// Writes a layer as it is read.
pub(super) fn written_layer(layer: &Layer) -> Given {
    let options = match layer {
        Layer::Timeout(policy) => show::time(policy.limit()),
        Layer::Circuit(policy) => read::written(policy),
        Layer::Retry(policy) => read::written(policy),
        Layer::Bulkhead(policy) => read::written(policy),
        Layer::RateLimit(policy) => read::written(policy),
        #[cfg(feature = "hedge")]
        Layer::Hedge(policy) => read::written(policy),
    };
    Given::Table(vec![(layer.name().to_owned(), options)])
}

/// Writes a stack as it is read.
pub(super) fn written(stack: &Stack) -> Given {
    let layers = stack.layers().iter().map(written_layer).collect();
    Given::Table(vec![
        ("name".to_owned(), Given::text(stack.name())),
        ("layers".to_owned(), Given::List(layers)),
    ])
}
