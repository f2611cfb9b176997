//! Tests the steps by hand: resolve and forget.

use super::Suite;
use super::case::{LONG, recorded, request, strict, token};
use resil_runtime::idempotency::store::{Ack, ByHand, ClaimAnswer, Outcome, Recorded, Resolution};

const CHANGED: ByHand = ByHand::Changed;

pub(super) async fn lines(suite: &Suite) {
    free(suite).await;
    done(suite).await;
    nothing_to_resolve(suite).await;
    forget(suite).await;
}

fn by(n: u8, body: &[u8]) -> Resolution {
    Resolution::Done {
        token: token(n),
        recorded: Recorded::new(Outcome::Ok, body, "json", 4),
        ttl: LONG,
    }
}

async fn free(suite: &Suite) {
    let case = suite.case("dead: resolve(Free) leaves nothing");
    let first = case.dead(strict(request(1))).await;
    case.same("resolve", &case.resolve(&Resolution::Free).await, &CHANGED);
    case.is_absent().await;
    case.same(
        "resolve again",
        &case.resolve(&Resolution::Free).await,
        &ByHand::Absent,
    );
    case.stranger(token(1)).await;
    let second = case.claimed(strict(request(2)), false).await;
    case.rises(first, second);
}

async fn done(suite: &Suite) {
    let case = suite.case("dead: resolve(Done) makes it Done");
    let first = case.dead(strict(request(1))).await;
    case.same("resolve", &case.resolve(&by(9, b"9")).await, &CHANGED);
    let wanted = Recorded::new(Outcome::Ok, *b"9", "json", 4);
    case.is_done(&wanted).await;
    let fence = case.lookup().await.map_or(0, |s| s.fence());
    case.rises(first, fence);
    let before = case.still().await;
    // The step is sent again, as after a lost answer.
    case.same("resolve again", &case.resolve(&by(9, b"9")).await, &CHANGED);
    case.same(
        "resolve by another one",
        &case.resolve(&by(8, b"8")).await,
        &ByHand::Done,
    );
    case.same(
        "resolve(Free)",
        &case.resolve(&Resolution::Free).await,
        &ByHand::Done,
    );
    case.unchanged(before.as_ref()).await;
    // The owner that vanished comes back, and is refused.
    case.stranger(token(1)).await;
    case.is_done(&wanted).await;

    let case = suite.case("dead, retry: resolve(Done) makes it Done");
    case.dead(request(1)).await;
    case.same("resolve", &case.resolve(&by(9, b"9")).await, &CHANGED);
    case.is_done(&wanted).await;
}

async fn nothing_to_resolve(suite: &Suite) {
    let case = suite.case("resolve of what is not dead changes nothing");
    for resolution in [Resolution::Free, by(9, b"9")] {
        case.same("resolve", &case.resolve(&resolution).await, &ByHand::Absent);
        case.is_absent().await;
    }
    case.claimed(strict(request(1)), false).await;
    let before = case.still().await;
    for resolution in [Resolution::Free, by(9, b"9"), by(1, b"1")] {
        match case.resolve(&resolution).await {
            ByHand::Busy { left } if !left.is_zero() && left <= LONG => {}
            other => case.fail(&format!("resolve must be answered Busy, and was {other:?}")),
        }
    }
    case.unchanged(before.as_ref()).await;
    case.same(
        "complete",
        &case.complete(token(1), &recorded(b"1")).await,
        &Ack::Ok,
    );
    for resolution in [Resolution::Free, by(9, b"9")] {
        case.same("resolve", &case.resolve(&resolution).await, &ByHand::Done);
    }
    case.is_done(&recorded(b"1")).await;
}

async fn forget(suite: &Suite) {
    let case = suite.case("forget removes what is Done or dead");
    case.same("forget", &case.forget().await, &ByHand::Absent);
    let first = case.claimed(request(1), false).await;
    let before = case.still().await;
    match case.forget().await {
        ByHand::Busy { left } if !left.is_zero() && left <= LONG => {}
        other => case.fail(&format!("forget must be answered Busy, and was {other:?}")),
    }
    case.unchanged(before.as_ref()).await;
    case.same(
        "complete",
        &case.complete(token(1), &recorded(b"1")).await,
        &Ack::Ok,
    );
    case.same("forget", &case.forget().await, &CHANGED);
    case.is_absent().await;
    case.same("forget again", &case.forget().await, &ByHand::Absent);
    case.stranger(token(1)).await;
    let second = case.dead(strict(request(2))).await;
    case.rises(first, second);
    case.refused(strict(request(3)), &ClaimAnswer::Indeterminate)
        .await;
    case.same("forget", &case.forget().await, &CHANGED);
    case.is_absent().await;
}
