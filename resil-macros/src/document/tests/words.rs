//! The line of each policy in the section.

use super::line_of;
use crate::policy::code;

#[test]
fn a_hedge_in_words() {
    const BUDGET: &str = "at most `10%` more calls on average";
    for (args, said) in [
        ("after = 50ms", format!("up to 2 copies, a further one after `50ms`; {BUDGET}")),
        (
            "after = AFTER, max = 3, budget = off",
            "up to 3 copies, a further one after `AFTER`; no budget".to_owned(),
        ),
        (
            "after = p95, budget = 5%",
            "up to 2 copies, a further one when the others have run for longer than `p95` of the latest \
             successes took (none until `100` successes have come); at most `5%` more calls on average"
                .to_owned(),
        ),
        (
            "after = p99.9(default = 50ms), max = MAX, on(Error::Network(_)), unless(Error::Full)",
            format!(
                "up to `MAX` copies, a further one when the others have run for longer than `p99.9` of the \
                 latest successes took (after `50ms` until `100` successes have come); at once after \
                 `Error::Network(_)`; `Error::Full` ends the call; {BUDGET}"
            ),
        ),
        ("policy = POLICY", "as `POLICY` says".to_owned()),
        (
            "policy = POLICY, after = p95, max = 3, budget = off",
            "as `POLICY` says, but `after = p95`, `max = 3`, `budget = off`".to_owned(),
        ),
    ] {
        assert_eq!(line_of(&format!("hedge({args})")), format!("**hedge**: {said}"));
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn a_retry_in_words() {
    const DEFAULT: &str = "exponential waits from `100ms`, at most `20s`, with full jitter";
    for (args, said) in [
        ("", format!("up to `3` runs; {DEFAULT}")),
        ("max = 1", "one run".to_owned()),
        ("max = MAX", format!("up to `MAX` runs; {DEFAULT}")),
        (
            "max = unlimited, within = 10s",
            format!("as many runs as time and budget allow; {DEFAULT}; no run begins after `10s`"),
        ),
        (
            "max = unlimited, within = 10s, budget = off",
            format!("as many runs as time allows; {DEFAULT}; no run begins after `10s`; no budget"),
        ),
        ("jitter", format!("up to `3` runs; {DEFAULT}")),
        (
            "jitter = none",
            "up to `3` runs; exponential waits from `100ms`, at most `20s`".to_owned(),
        ),
        (
            "linear, base = 1s, cap = CAP, jitter = equal",
            "up to `3` runs; linear waits from `1s`, at most `CAP`, with equal jitter".to_owned(),
        ),
        (
            "fibonacci, jitter = 10%",
            "up to `3` runs; Fibonacci waits from `100ms`, at most `20s`, with a jitter of `10%`"
                .to_owned(),
        ),
        (
            "constant, base = 1s, jitter = none",
            "up to `3` runs; waits of `1s`".to_owned(),
        ),
        (
            "constant, base = 15s, jitter = 50%",
            "up to `3` runs; waits of `15s`, at most `20s`, with a jitter of `50%`".to_owned(),
        ),
        (
            "factor = 3, base = BASE",
            "up to `3` runs; exponential waits from `BASE` by a factor of `3`, at most `20s`, \
             with full jitter"
                .to_owned(),
        ),
        (
            "base = 1s, cap = 5s, jitter = decorrelated",
            "up to `3` runs; random waits from `1s` to three times the one before, at most `5s`"
                .to_owned(),
        ),
        (
            "delays = [1s, PAUSE]",
            "up to `3` runs; waits of `1s`, `PAUSE`".to_owned(),
        ),
        (
            "delays = [1s], jitter, retry_after = after",
            "up to `3` runs; waits of `1s`, with full jitter, or longer where the failed side asks for it"
                .to_owned(),
        ),
        (
            "backoff = Squares",
            "up to `3` runs; waits of its own back-off, at most `20s`".to_owned(),
        ),
        (
            "backoff = Squares, cap = 1s, jitter = equal",
            "up to `3` runs; waits of its own back-off, at most `1s`, with equal jitter".to_owned(),
        ),
        (
            "on(Network(_)), unless(Dead), nested = outer",
            format!(
                "up to `3` runs; {DEFAULT}; only for `Network(_)`; never for `Dead`; \
                 one run under another function's `retry`"
            ),
        ),
        (
            "budget = \"shared\"",
            format!("up to `3` runs; {DEFAULT}; on the budget `shared`"),
        ),
        (
            "budget(capacity = 20)",
            format!("up to `3` runs; {DEFAULT}; on a budget of `20`, `5` a retry"),
        ),
        (
            "budget(name = \"pay\", capacity = 20, refill = PER_SECOND)",
            format!(
                "up to `3` runs; {DEFAULT}; \
                 on the budget `pay` of `20`, `5` a retry, `PER_SECOND` back a second"
            ),
        ),
        (
            "max = 4, constant, base = 1s, jitter = none, attempt = n",
            "up to `4` runs; waits of `1s`".to_owned(),
        ),
        ("policy = POLICY", "as `POLICY` says".to_owned()),
        (
            "policy = POLICY, retry_after = after",
            "as `POLICY` says; waits longer where the failed side asks for it".to_owned(),
        ),
        (
            "linear, policy = POLICY, max = 5, base = 1s, jitter = none, within = 10s",
            "as `POLICY` says, but `linear`, `max = 5`, `base = 1s`, `jitter = none`; \
             no run begins after `10s`"
                .to_owned(),
        ),
    ] {
        assert_eq!(
            line_of(&format!("retry({args})")),
            format!("**retry**: {said}")
        );
    }
}

#[test]
fn patterns_are_shown_as_written() {
    for (option, said) in [
        ("on_ok(5 | 6)", "also for `Ok(5 | 6)`"),
        ("on_ok(1..=5)", "also for `Ok(1..=5)`"),
        (
            "on(StatusCode::BAD_GATEWAY,)",
            "only for `StatusCode::BAD_GATEWAY`",
        ),
        (
            "on(Http(s) if s.is_server_error())",
            "only for `Http(s) if s.is_server_error()`",
        ),
        ("on = Kind::A | Kind::B", "only for `Kind::A | Kind::B`"),
        // Shown in full length.
        (
            "on(e if matches!(e.kind(), ErrorKind::TimedOut | ErrorKind::WouldBlock | ErrorKind::Interrupted))",
            "only for `e if matches!(e.kind(), ErrorKind::TimedOut | ErrorKind::WouldBlock | ErrorKind::Interrupted)`",
        ),
    ] {
        let line = line_of(&format!("retry({option})"));
        let (_, last) = line.rsplit_once("; ").expect("parts");
        // The spaces of the lexer differ from those of a file.
        assert_eq!(last.replace(' ', ""), said.replace(' ', ""));
    }
}

/// As Markdown requires, there are more backticks around it than in any run inside.
#[test]
fn a_code_span_holds_any_expression() {
    let line = line_of("retry(on(\"`<b>` [d]\" | \"a\"))");
    assert!(
        line.ends_with("only for ``\"`<b>` [d]\" | \"a\"``"),
        "{line}"
    );
    let line = line_of("idempotent(key = f(\"a``b\"))");
    assert!(line.contains("by ```f(\"a``b\")```, "), "{line}");
    let line = line_of("idempotent(key = f('`'))");
    assert!(line.contains("by ``f('`')``, "), "{line}");
    for (text, span) in [
        ("a", "`a`"),
        ("`", "`` ` ``"),
        ("`a", "`` `a ``"),
        ("a ``", "``` a `` ```"),
        ("", ""),
    ] {
        assert_eq!(code(text), span);
    }
}

#[test]
fn a_circuit_in_words() {
    for (args, said) in [
        ("", ": opens for at least `30s` after `5` failures in a row"),
        ("name = \"pay\"", " `pay`"),
        (
            "name = \"pay\", open_for = 5s",
            " `pay`: opens for at least `5s` after `5` failures in a row",
        ),
        (
            "slow = 2s, slow_rate = 50%, open_for = 5s",
            ": opens for at least `5s` when `50%` of the last `100` calls take `2s` or longer",
        ),
        (
            "slow = SLOW, failures = 3",
            ": opens for at least `30s` after `3` failures in a row, or when `100%` of the last \
             `100` calls take `SLOW` or longer",
        ),
        (
            "failure_rate = 50%, window = 20, min_calls = 10",
            ": opens for at least `30s` when `50%` of the last `20` calls (at least `10`) fail",
        ),
        (
            "failure_rate = 0.5, slow = 1s, window = 10s",
            ": opens for at least `30s` when `0.5` of the calls of the last `10s` (at least `20`) \
             fail or `100%` of them take `1s` or longer",
        ),
        (
            "failure_rate = 50%, window = WINDOW",
            ": opens for at least `30s` when `50%` of the calls in a window of `WINDOW` fail",
        ),
        (
            "key = request.host, on(Network(_)), ignore(NotFound)",
            ", one for each `request.host`: opens for at least `30s` after `5` failures in a row; \
             only `Network(_)` counts as a failure; `NotFound` does not count",
        ),
        (
            "name = \"pay\", ignore(NotFound)",
            " `pay`: `NotFound` does not count",
        ),
        (
            "name = \"pay\", on_ok(Reply { status: 503 })",
            " `pay`: `Ok(Reply { status: 503 })` counts as a failure too",
        ),
        (
            "policy = POLICY, failures = 3, open_for = 5s",
            ": as `POLICY` says, but `failures = 3`, `open_for = 5s`",
        ),
    ] {
        assert_eq!(
            line_of(&format!("circuit({args})")),
            format!("**circuit**{said}")
        );
    }
}

#[test]
fn an_idempotent_in_words() {
    assert_eq!(
        line_of("idempotent(key = (user, \"payment\"), ttl = 1h)"),
        "**idempotent**: by `user, \"payment\"`, replayed for `1h`; a second caller meanwhile waits"
    );
    assert_eq!(
        line_of("idempotent(key = user, conflict = reject)"),
        "**idempotent**: by `user`, replayed for `24h`; a second caller meanwhile is refused"
    );
    assert_eq!(
        line_of("idempotent(key = user, forget_ok(Pending | Queued(_)))"),
        "**idempotent**: by `user`, replayed for `24h`; a second caller meanwhile waits; not for \
         `Ok(Pending | Queued(_))`, which frees the key"
    );
}

#[test]
fn a_rate_limit_in_words() {
    for (args, said) in [
        (
            "max = 100, per = 1s",
            ": at most `100` calls in `1s`, `100` at once",
        ),
        (
            "max = MAX, per = 1m, burst = 20, wait = 100ms, cost = items.len() as u32",
            ": at most `MAX` calls in `1m`, `20` at once; a call that is too early waits for at most \
             `100ms`; a call weighs `items.len() as u32`",
        ),
        ("name = \"pay\", key = user", " `pay`, one for each `user`"),
        (
            "policy = POLICY, burst = 3",
            ": as `POLICY` says, but `burst = 3`",
        ),
        (
            "max = 100, per = 1s, store = \"shared\"",
            ": at most `100` calls in `1s`, `100` at once; counted over all hosts in the store \
             `\"shared\"`; while it is away, each process counts alone",
        ),
        (
            "max = 9, per = 1s, store = self.limits, on_outage = open",
            ": at most `9` calls in `1s`, `9` at once; counted over all hosts in the store \
             `self.limits`; while it is away, all calls are let in",
        ),
        (
            "policy = POLICY, store = LIMITS, on_outage = closed",
            ": as `POLICY` says, but `on_outage = closed`; counted over all hosts in the store \
             `LIMITS`; while it is away, all calls are refused",
        ),
        (
            "name = \"pay\", store = \"shared\"",
            " `pay`: counted over all hosts in the store `\"shared\"`",
        ),
    ] {
        assert_eq!(
            line_of(&format!("rate_limit({args})")),
            format!("**rate limit**{said}")
        );
    }
}

#[test]
fn a_bulkhead_in_words() {
    for (args, said) in [
        (
            "max = 16",
            ": at most `16` calls at once; others are refused",
        ),
        (
            "max = MAX, queue = 64, wait = 100ms",
            ": at most `MAX` calls at once; `64` more wait for at most `100ms`",
        ),
        (
            "adaptive, name = \"pay\", key = host",
            " `pay`, one for each `host`: as many calls at once as the latency allows, between `1` and \
             `1000`; others are refused",
        ),
        ("name = \"pay\"", " `pay`"),
        (
            "policy = POLICY, queue = 3",
            ": as `POLICY` says, but `queue = 3`",
        ),
    ] {
        assert_eq!(
            line_of(&format!("bulkhead({args})")),
            format!("**bulkhead**{said}")
        );
    }
}

#[test]
fn a_fallback_in_words() {
    for (args, said) in [
        ("Vec::new()", "`Vec::new()` in place of an error"),
        (
            "cached(id).await, on(Error::Down | Error::Slow(_)), unless(Error::Slow(0))",
            "`cached(id).await` in place of an error; only for `Error::Down | Error::Slow(_)`; never \
             for `Error::Slow(0)`",
        ),
        (
            "{ let long = some_function_with_a_name(of, many, arguments); long.await }",
            "an expression of its own in place of an error",
        ),
        (
            "last_ok, key = item.id, max_age = 5m",
            "the last good value of `item.id`, at most `5m` old, in place of an error",
        ),
        ("last_ok", "the last good value in place of an error"),
    ] {
        assert_eq!(
            line_of(&format!("fallback({args})")),
            format!("**fallback**: {said}")
        );
    }
}
