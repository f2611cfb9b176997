//! Tests the steps of an owner: complete, release, abandon and renew, each sent once and sent
//! again.

use super::Suite;
use super::case::{LONG, recorded, request, token};
use resil_runtime::idempotency::store::{Ack, Outcome, Recorded};

const OK: Ack = Ack::Ok;
const LOST: Ack = Ack::LeaseLost;

pub(super) async fn lines(suite: &Suite) {
    complete(suite).await;
    bodies(suite).await;
    steps_on_done(suite).await;
    release(suite).await;
    abandon(suite).await;
    renew(suite).await;
    fences(suite).await;
}

async fn complete(suite: &Suite) {
    let case = suite.case("Pending(tok): complete(tok) is Ok, and Ok again");
    case.same(
        "complete of an absent key",
        &case.complete(token(1), &recorded(b"0")).await,
        &LOST,
    );
    case.is_absent().await;
    case.claimed(request(1), false).await;
    case.same(
        "complete",
        &case.complete(token(1), &recorded(b"1")).await,
        &OK,
    );
    case.is_done(&recorded(b"1")).await;
    let before = case.still().await;
    case.same(
        "complete again",
        &case.complete(token(1), &recorded(b"1")).await,
        &OK,
    );
    case.same(
        "complete again, otherwise",
        &case.complete(token(1), &recorded(b"2")).await,
        &OK,
    );
    case.unchanged(before.as_ref()).await;
    case.stranger(token(2)).await;
    case.is_done(&recorded(b"1")).await;
}

/// Checks that an outcome is replayed byte for byte.
async fn bodies(suite: &Suite) {
    let every: Vec<u8> = (0..=255).collect();
    let large: Vec<u8> = (0..256 * 1024_u32)
        .map(|n| n.to_le_bytes()[n as usize % 3])
        .collect();
    for (outcome, body, codec, version) in [
        (Outcome::Ok, &b""[..], "json", 1),
        (Outcome::Ok, &b"null"[..], "json", u32::MAX),
        (Outcome::Err, &every[..], "x", 0),
        (
            Outcome::Ok,
            "'\"\\\0;--%s\u{1F9C0}".as_bytes(),
            "messagepack-named/v2",
            7,
        ),
        (Outcome::Err, &b"\"declined\""[..], "json", 2),
        (Outcome::NotStored, &b""[..], "json", 3),
        (Outcome::Ok, &large[..], "json", 1),
    ] {
        let case = suite.case("Done: what is replayed is what was recorded");
        let recorded = Recorded::new(outcome, body, codec, version);
        case.claimed(request(1), false).await;
        case.same("complete", &case.complete(token(1), &recorded).await, &OK);
        case.is_done(&recorded).await;
    }
}

async fn steps_on_done(suite: &Suite) {
    let case = suite.case("Done: renew, release and abandon are LeaseLost");
    case.claimed(request(1), false).await;
    case.same(
        "complete",
        &case.complete(token(1), &recorded(b"1")).await,
        &OK,
    );
    let before = case.still().await;
    case.same("renew", &case.renew(token(1), LONG, LONG).await, &LOST);
    case.same("release", &case.release(token(1)).await, &LOST);
    case.same("abandon", &case.abandon(token(1)).await, &LOST);
    case.unchanged(before.as_ref()).await;
    case.is_done(&recorded(b"1")).await;
}

async fn release(suite: &Suite) {
    let case = suite.case("Pending(tok): release(tok) leaves nothing");
    let first = case.claimed(request(1), false).await;
    case.same("release", &case.release(token(1)).await, &OK);
    case.is_absent().await;
    case.same("release again", &case.release(token(1)).await, &LOST);
    case.stranger(token(1)).await;
    let second = case.claimed(request(2), false).await;
    case.rises(first, second);
    // The release of the first claim arrives late: the key has another owner by now.
    case.same("release, late", &case.release(token(1)).await, &LOST);
    case.busy(request(3), LONG).await;

    let case = suite.case("Pending(tok), dead: release(tok) leaves nothing");
    case.dead(request(1)).await;
    case.same("release", &case.release(token(1)).await, &OK);
    case.is_absent().await;
}

async fn abandon(suite: &Suite) {
    let case = suite.case("Pending(tok): abandon(tok) ends the lease");
    let first = case.claimed(request(1), false).await;
    case.same("abandon", &case.abandon(token(1)).await, &OK);
    let before = case.still().await;
    case.same("abandon again", &case.abandon(token(1)).await, &OK);
    case.unchanged(before.as_ref()).await;
    let second = case.claimed(request(2), true).await;
    case.rises(first, second);
    case.same("abandon, late", &case.abandon(token(1)).await, &LOST);
    case.busy(request(3), LONG).await;

    let case = suite.case("abandoned: its owner may still complete it");
    case.dead(request(1)).await;
    case.same(
        "complete",
        &case.complete(token(1), &recorded(b"1")).await,
        &OK,
    );
    case.is_done(&recorded(b"1")).await;
}

async fn renew(suite: &Suite) {
    let case = suite.case("Pending(tok): renew(tok) is Ok");
    case.same(
        "renew of an absent key",
        &case.renew(token(1), LONG, LONG).await,
        &LOST,
    );
    case.is_absent().await;
    let fence = case.claimed(request(1), false).await;
    for _ in 0..3 {
        case.same("renew", &case.renew(token(1), LONG, LONG).await, &OK);
    }
    let kept = case.lookup().await.map(|s| s.fence());
    case.same("the fence after a renewal", &kept, &Some(fence));
    case.same("abandon", &case.abandon(token(1)).await, &OK);
    case.same(
        "renew of a claim that has ended",
        &case.renew(token(1), LONG, LONG).await,
        &OK,
    );
    case.busy(request(2), LONG).await;
}

/// Checks that a fence is above every fence before it, whatever became of the record in between.
async fn fences(suite: &Suite) {
    let case = suite.case("the fence rises across the record's deletion");
    let mut last = 0;
    for round in 0..12_u8 {
        let fence = case.claimed(request(round), false).await;
        if round > 0 {
            case.rises(last, fence);
        }
        last = fence;
        if round % 2 == 0 {
            case.same("release", &case.release(token(round)).await, &OK);
        } else {
            let done = case.complete(token(round), &recorded(b"1")).await;
            case.same("complete", &done, &OK);
            case.forget().await;
        }
    }
}
