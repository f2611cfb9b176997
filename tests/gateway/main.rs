//! `examples/gateway` as users run it, with its backends as processes: it fails where a request is lost or an order is
//! charged twice. In real time.

#![allow(
    clippy::disallowed_methods,
    reason = "processes and sockets live in real time"
)]

#[allow(
    dead_code,
    unfulfilled_lint_expectations,
    reason = "its `main` is not ours"
)]
#[path = "../../examples/gateway/main.rs"]
mod example;

use std::process::ExitCode;

/// There is no harness: the backends are this program once more, with arguments of their own.
fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let is_backend = arguments.first().is_some_and(|first| first == "backend");
    let mut filters = arguments.iter().filter(|word| !word.starts_with('-'));
    if arguments.iter().any(|word| word == "--list") {
        println!("gateway: test");
        return ExitCode::SUCCESS;
    }
    if !is_backend && filters.clone().count() > 0 && !filters.any(|word| "gateway".contains(word)) {
        return ExitCode::SUCCESS;
    }
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let six_seconds = Vec::new();
    let arguments = if is_backend { &arguments } else { &six_seconds };
    runtime
        .block_on(example::run(arguments))
        .unwrap_or_else(|e| {
            eprintln!("{e}");
            ExitCode::FAILURE
        })
}
