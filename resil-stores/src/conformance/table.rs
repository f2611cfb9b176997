//! Tests the lines of the table whose step is `claim`.

use super::Suite;
use super::case::{LONG, recorded, request, strict, token, with};
use resil_runtime::idempotency::store::{Ack, ClaimAnswer, RecordKey, Snapshot};

pub(super) async fn lines(suite: &Suite) {
    described(suite);
    absent(suite).await;
    live(suite).await;
    dead_is_taken_over(suite).await;
    dead_is_indeterminate(suite).await;
    done(suite).await;
    fingerprints(suite).await;
    fingerprint_of_the_new_owner(suite).await;
    neighbours(suite).await;
}

fn described(suite: &Suite) {
    let name = suite.store.describe();
    let case = suite.case("describe");
    if name.is_empty() || name.len() > 64 || name.chars().any(char::is_control) {
        case.fail("a name is wanted, short and on one line");
    }
}

async fn absent(suite: &Suite) {
    let case = suite.case("absent: claim is Claimed");
    case.is_absent().await;
    case.stranger(token(1)).await;
    let fence = case.claimed(request(1), false).await;
    match case.lookup().await {
        Some(Snapshot::Pending {
            fence: f,
            left: Some(left),
        }) if f == fence && left <= LONG => {}
        other => case.fail(&format!(
            "lookup must show a live claim, and showed {other:?}"
        )),
    }
    // The claim is sent again, as after a lost answer.
    for _ in 0..3 {
        let again = case.claimed(request(1), false).await;
        case.same("claim by the same token again", &again, &fence);
    }
}

async fn live(suite: &Suite) {
    let case = suite.case("Pending, live: claim is Busy");
    case.claimed(request(1), false).await;
    let before = case.still().await;
    case.busy(request(2), LONG).await;
    case.busy(strict(request(3)), LONG).await;
    case.unchanged(before.as_ref()).await;
    case.stranger(token(2)).await;
}

async fn dead_is_taken_over(suite: &Suite) {
    let case = suite.case("Pending, dead, retry: claim is Claimed");
    let first = case.dead(request(1)).await;
    let second = case.claimed(request(2), true).await;
    case.rises(first, second);
    let again = case.claimed(request(2), false).await;
    case.same("claim by the new owner again", &again, &second);
    // The first owner comes back, and is refused.
    case.stranger(token(1)).await;
    case.busy(request(1), LONG).await;
    case.same(
        "complete by the new owner",
        &case.complete(token(2), &recorded(b"2")).await,
        &Ack::Ok,
    );
    case.is_done(&recorded(b"2")).await;
    case.stranger(token(1)).await;
}

async fn dead_is_indeterminate(suite: &Suite) {
    let indeterminate = ClaimAnswer::Indeterminate;
    for (line, owner, rival) in [
        (
            "Pending, dead, indeterminate: claim is Indeterminate",
            strict(request(1)),
            strict(request(2)),
        ),
        (
            "Pending, dead, the record is indeterminate: the stricter word holds",
            strict(request(1)),
            request(2),
        ),
        (
            "Pending, dead, the claim is indeterminate: the stricter word holds",
            request(1),
            strict(request(2)),
        ),
    ] {
        let case = suite.case(line);
        let fence = case.dead(owner).await;
        let before = case.still().await;
        case.refused(rival, &indeterminate).await;
        case.refused(rival, &indeterminate).await;
        case.unchanged(before.as_ref()).await;
        // The owner comes back: its own claim is answered as before, though the lease has ended.
        let again = case.claimed(owner, false).await;
        case.same("claim by the same token", &again, &fence);
        case.unchanged(before.as_ref()).await;
        case.same(
            "renew by the owner",
            &case.renew(token(1), LONG, LONG).await,
            &Ack::Ok,
        );
        case.busy(rival, LONG).await;
        case.same(
            "abandon by the owner",
            &case.abandon(token(1)).await,
            &Ack::Ok,
        );
        case.same(
            "complete by the owner",
            &case.complete(token(1), &recorded(b"1")).await,
            &Ack::Ok,
        );
        case.refused(rival, &ClaimAnswer::Done(recorded(b"1")))
            .await;
    }
    // After a takeover the record has the new owner's mode, and nothing of the old one.
    let case = suite.case("Pending, dead, retry: the new owner's mode is kept");
    case.dead(request(1)).await;
    case.claimed(request(2), true).await;
    case.same("abandon", &case.abandon(token(2)).await, &Ack::Ok);
    case.claimed(request(3), true).await;
}

async fn done(suite: &Suite) {
    let case = suite.case("Done: claim is Done");
    case.claimed(request(1), false).await;
    case.same(
        "complete",
        &case.complete(token(1), &recorded(b"{}")).await,
        &Ack::Ok,
    );
    let before = case.still().await;
    for n in [1, 2, 3] {
        case.refused(request(n), &ClaimAnswer::Done(recorded(b"{}")))
            .await;
        case.refused(strict(request(n)), &ClaimAnswer::Done(recorded(b"{}")))
            .await;
    }
    case.unchanged(before.as_ref()).await;
}

async fn fingerprints(suite: &Suite) {
    let reused = ClaimAnswer::KeyReused;
    let case = suite.case("other fingerprint: claim is KeyReused");
    case.claimed(with(request(1), 1), false).await;
    let before = case.still().await;
    case.refused(with(request(2), 2), &reused).await;
    case.refused(with(request(1), 2), &reused).await;
    case.busy(with(request(2), 1), LONG).await;
    case.busy(request(2), LONG).await;
    case.unchanged(before.as_ref()).await;
    case.same("abandon", &case.abandon(token(1)).await, &Ack::Ok);
    case.refused(with(request(2), 2), &reused).await;
    case.refused(strict(with(request(2), 2)), &reused).await;
    case.same(
        "complete",
        &case.complete(token(1), &recorded(b"1")).await,
        &Ack::Ok,
    );
    case.refused(with(request(2), 2), &reused).await;
    let done = ClaimAnswer::Done(recorded(b"1"));
    case.refused(with(request(2), 1), &done).await;
    case.refused(request(2), &done).await;

    let case = suite.case("no fingerprint on one side: nobody asks");
    case.claimed(request(1), false).await;
    case.busy(with(request(2), 1), LONG).await;
    case.busy(with(request(2), 2), LONG).await;
    case.same("release", &case.release(token(1)).await, &Ack::Ok);
    case.claimed(with(request(2), 2), false).await;
    case.refused(with(request(3), 1), &reused).await;
}

async fn fingerprint_of_the_new_owner(suite: &Suite) {
    let case = suite.case("takeover: the fingerprint is the new owner's, or stays");
    case.dead(request(1)).await;
    case.claimed(with(request(2), 2), true).await;
    case.refused(with(request(3), 3), &ClaimAnswer::KeyReused)
        .await;
    case.same("abandon", &case.abandon(token(2)).await, &Ack::Ok);
    case.claimed(request(3), true).await;
    case.refused(with(request(4), 3), &ClaimAnswer::KeyReused)
        .await;
    case.busy(with(request(4), 2), LONG).await;
}

/// Checks that keys that differ in one bit are two keys: all 32 bytes count.
async fn neighbours(suite: &Suite) {
    let case = suite.case("keys that differ in one bit are two keys");
    case.claimed(request(1), false).await;
    for byte in [0, 7, 8, 15, 16, 23, 24, 31] {
        let mut hash = *case.key.hash();
        hash[byte] ^= 0x80;
        let mut other = case.clone();
        other.key = RecordKey::new(hash, "conformance");
        other.claimed(request(1), false).await;
        other.same("release", &other.release(token(1)).await, &Ack::Ok);
    }
    case.busy(request(2), LONG).await;
}
