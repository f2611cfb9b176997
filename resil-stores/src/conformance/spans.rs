//! Tests that a lease and a record's life end when they should, by the store's own clock.

use std::time::Duration;

use super::Suite;
use super::case::{Case, LONG, recorded, request, strict, token, with};
use resil_runtime::idempotency::store::{
    Ack, ByHand, ClaimAnswer, ClaimRequest, Resolution, Snapshot,
};

const OK: Ack = Ack::Ok;

pub(super) async fn lines(suite: &Suite) {
    // Each line waits some units, so they run beside each other.
    let lines: [fn(Suite) -> BoxLine; 10] = [
        |s| Box::pin(lease_ends(s)),
        |s| Box::pin(renew_moves_the_lease(s)),
        |s| Box::pin(claim_again_does_not(s)),
        |s| Box::pin(done_expires(s)),
        |s| Box::pin(done_lives_from_its_completion(s)),
        |s| Box::pin(pending_expires(s)),
        |s| Box::pin(a_live_claim_outlives_its_ttl(s)),
        |s| Box::pin(a_dead_claim_is_kept(s)),
        |s| Box::pin(a_late_owner_goes_on(s)),
        |s| Box::pin(longest_spans(s)),
    ];
    suite
        .all(lines.into_iter().map(|line| line(suite.clone())))
        .await;
}

type BoxLine = std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;

fn spans(case: &Case, n: u8, lease: u32, ttl: u32) -> ClaimRequest {
    ClaimRequest::new(token(n), span(case, lease), span(case, ttl))
}

/// Returns the span of so many units. Zero stands for a span that does not end.
fn span(case: &Case, units: u32) -> Duration {
    if units == 0 {
        LONG
    } else {
        case.unit() * units
    }
}

async fn lease_ends(suite: Suite) {
    let case = suite.case("a lease ends by itself");
    let first = case.claimed(spans(&case, 1, 2, 0), false).await;
    let lease = case.unit() * 2;
    case.busy(request(2), lease).await;
    case.wait(3).await;
    match case.lookup().await {
        Some(Snapshot::Pending { left: None, .. }) => {}
        other => case.fail(&format!(
            "lookup must show that the lease has ended: {other:?}"
        )),
    }
    case.refused(strict(request(2)), &ClaimAnswer::Indeterminate)
        .await;
    let second = case.claimed(request(2), true).await;
    case.rises(first, second);
    case.stranger(token(1)).await;
}

async fn renew_moves_the_lease(suite: Suite) {
    let case = suite.case("renew moves the lease on, from now");
    case.claimed(spans(&case, 1, 4, 0), false).await;
    case.wait(3).await;
    let four = case.unit() * 4;
    case.same("renew", &case.renew(token(1), four, LONG).await, &OK);
    case.wait(2).await;
    case.busy(request(2), four).await;
    case.wait(3).await;
    // The lease has ended and nobody has taken over: it may still be renewed.
    case.same(
        "renew of a lease that has ended",
        &case.renew(token(1), four, LONG).await,
        &OK,
    );
    case.busy(request(2), four).await;
    // A renewal may shorten the lease, too.
    case.same("renew", &case.renew(token(1), case.unit(), LONG).await, &OK);
    case.wait(2).await;
    case.claimed(request(2), true).await;
    let late = case.renew(token(1), four, LONG).await;
    case.same("renew after a takeover", &late, &Ack::LeaseLost);
}

async fn claim_again_does_not(suite: Suite) {
    let case = suite.case("a claim that is sent again does not move its lease");
    case.claimed(spans(&case, 1, 4, 0), false).await;
    case.wait(2).await;
    case.claimed(spans(&case, 1, 4, 0), false).await;
    case.wait(3).await;
    let fence = case.claimed(spans(&case, 1, 4, 0), false).await;
    let second = case.claimed(request(2), true).await;
    case.rises(fence, second);
}

async fn done_expires(suite: Suite) {
    let case = suite.case("Done, expired: claim is Claimed");
    let first = case.claimed(with(spans(&case, 1, 0, 0), 1), false).await;
    let ttl = case.unit() * 2;
    let done = case.complete_for(token(1), &recorded(b"1"), ttl).await;
    case.same("complete", &done, &OK);
    case.refused(request(2), &ClaimAnswer::Done(recorded(b"1")))
        .await;
    case.wait(3).await;
    case.is_absent().await;
    case.same(
        "forget of what has expired",
        &case.forget().await,
        &ByHand::Absent,
    );
    // Another fingerprint is allowed now, as the old one is gone with the record.
    let second = case.claimed(with(request(2), 2), false).await;
    case.rises(first, second);
    case.stranger(token(1)).await;
}

async fn done_lives_from_its_completion(suite: Suite) {
    let case = suite.case("Done: its ttl counts from the completion");
    case.claimed(spans(&case, 1, 6, 3), false).await;
    case.wait(2).await;
    let ttl = case.unit() * 4;
    let done = case.complete_for(token(1), &recorded(b"1"), ttl).await;
    case.same("complete", &done, &OK);
    case.wait(1).await;
    // The completion is sent again, which must not lengthen the life of the record.
    let again = case.complete_for(token(1), &recorded(b"1"), LONG).await;
    case.same("complete again", &again, &OK);
    case.wait(1).await;
    case.is_done(&recorded(b"1")).await;
    case.wait(3).await;
    case.is_absent().await;
}

async fn pending_expires(suite: Suite) {
    let case = suite.case("Pending, dead, expired: claim is Claimed, indeterminate or not");
    let first = case
        .claimed(strict(with(spans(&case, 1, 1, 4), 1)), false)
        .await;
    case.wait(2).await;
    case.refused(strict(with(request(2), 1)), &ClaimAnswer::Indeterminate)
        .await;
    // A renewal moves the expiry of the record, too.
    let (unit, four) = (case.unit(), case.unit() * 4);
    case.same("renew", &case.renew(token(1), unit, four).await, &OK);
    case.wait(3).await;
    case.refused(strict(request(2)), &ClaimAnswer::Indeterminate)
        .await;
    case.wait(2).await;
    case.is_absent().await;
    let free = case.resolve(&Resolution::Free).await;
    case.same("resolve of what has expired", &free, &ByHand::Absent);
    let second = case.claimed(strict(with(request(2), 2)), false).await;
    case.rises(first, second);
    case.stranger(token(1)).await;
}

async fn a_live_claim_outlives_its_ttl(suite: Suite) {
    let case = suite.case("Pending, live: it does not expire");
    case.claimed(spans(&case, 1, 0, 1), false).await;
    case.wait(2).await;
    case.busy(request(2), LONG).await;
    case.same(
        "complete",
        &case.complete(token(1), &recorded(b"1")).await,
        &OK,
    );
    case.is_done(&recorded(b"1")).await;
}

async fn a_dead_claim_is_kept(suite: Suite) {
    let case = suite.case("Pending, dead, not expired: its owner may still complete it");
    case.claimed(with(spans(&case, 1, 1, 0), 1), false).await;
    case.wait(2).await;
    case.refused(with(request(2), 2), &ClaimAnswer::KeyReused)
        .await;
    case.same(
        "abandon of what has ended",
        &case.abandon(token(1)).await,
        &OK,
    );
    case.same(
        "complete",
        &case.complete(token(1), &recorded(b"1")).await,
        &OK,
    );
    case.is_done(&recorded(b"1")).await;
}

/// Checks that an owner may go on after its lease if nobody has taken over: its thread was blocked
/// for longer than the lease, or its process stood still.
async fn a_late_owner_goes_on(suite: Suite) {
    for (line, first, second) in [
        (
            "Pending, its lease over, nobody claimed: its owner's steps are taken",
            spans as fn(&Case, u8, u32, u32) -> ClaimRequest,
            request(2),
        ),
        (
            "Pending, its lease over, indeterminate: its owner's steps are taken",
            |case, n, lease, ttl| strict(spans(case, n, lease, ttl)),
            strict(request(2)),
        ),
    ] {
        let case = suite.case(line);
        case.claimed(first(&case, 1, 1, 0), false).await;
        case.wait(3).await;
        let unit = case.unit();
        let renewed = case.renew(token(1), unit, LONG).await;
        case.same("renew of a lease that has ended", &renewed, &OK);
        case.wait(3).await;
        let done = case.complete(token(1), &recorded(b"1")).await;
        case.same("complete after the lease", &done, &OK);
        case.refused(second, &ClaimAnswer::Done(recorded(b"1")))
            .await;
        let late = case.renew(token(1), unit, LONG).await;
        case.same("renew of what is Done", &late, &Ack::LeaseLost);
    }
    // Another caller has claimed meanwhile, and has the key.
    let case =
        suite.case("Pending, its lease over, another one claimed: all its steps are LeaseLost");
    let fence = case.claimed(spans(&case, 1, 1, 0), false).await;
    case.wait(3).await;
    let next = case.claimed(request(2), true).await;
    case.rises(fence, next);
    case.stranger(token(1)).await;
    let done = case.complete(token(2), &recorded(b"2")).await;
    case.same("complete by the new owner", &done, &OK);
    case.stranger(token(1)).await;
    case.is_done(&recorded(b"2")).await;
}

/// Checks that a span that no clock reaches never ends, and is no error.
async fn longest_spans(suite: Suite) {
    let case = suite.case("spans without end");
    let (long, decades) = (Duration::MAX, Duration::from_secs(3_000_000_000));
    let forever = ClaimRequest::new(token(1), long, long);
    case.claimed(forever, false).await;
    case.busy(request(2), long).await;
    case.same("renew", &case.renew(token(1), long, long).await, &OK);
    case.same("renew", &case.renew(token(1), decades, decades).await, &OK);
    case.busy(request(2), decades).await;
    let done = case.complete_for(token(1), &recorded(b"1"), long).await;
    case.same("complete", &done, &OK);
    case.is_done(&recorded(b"1")).await;
}
