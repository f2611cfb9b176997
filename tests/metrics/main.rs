//! OPERATIONS.md, section 2: metrics, as an exporter shows them. On paused time.

#![allow(
    clippy::disallowed_methods,
    reason = "tests read the paused clock themselves"
)]

mod functions;
mod names;
mod recorders;
#[path = "../support/mod.rs"]
mod support;

use metrics_exporter_prometheus::PrometheusBuilder;
use resil::metrics::publish;

/// What a recorder that is installed now gets, as Prometheus reads it.
fn scrape() -> String {
    let recorder = PrometheusBuilder::new().build_recorder();
    metrics::with_local_recorder(&recorder, publish);
    recorder.handle().render()
}

/// The value of a series; `None` if there is none. `labels` are in the order of the alphabet.
fn value(of: &str, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
    let labels: Vec<String> = labels.iter().map(|(l, v)| format!("{l}=\"{v}\"")).collect();
    let found = of.lines().find_map(|line| {
        let (series, value) = line.rsplit_once(' ')?;
        let (found, rest) = series.split_once('{')?;
        let mut parts: Vec<&str> = rest.strip_suffix('}')?.split(',').collect();
        parts.sort_unstable();
        (found == name && parts == labels).then_some(value)
    });
    found.map(|value| value.parse().unwrap())
}

/// The name that a function of this module is shown by.
macro_rules! here {
    ($name:ident) => {
        concat!(module_path!(), "::", stringify!($name))
    };
}
use here;
