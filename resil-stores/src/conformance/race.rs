//! Tests steps that meet on one key. A store that checks first and acts in a second step fails
//! here.

use tokio::task::JoinSet;

use super::Suite;
use super::case::{Case, recorded, request, token};
use resil_runtime::idempotency::store::{Ack, ByHand, ClaimAnswer, Resolution};

/// The number of rivals that meet on one key.
const RIVALS: u8 = 8;
/// The number of keys on which they meet.
const ROUNDS: usize = 40;

pub(super) async fn rounds(suite: &Suite) {
    suite
        .all((0..ROUNDS).map(|_| claims(suite.case("absent: of claims that meet one wins"))))
        .await;
    let line = "Pending, dead: of claims that meet one wins";
    suite
        .all((0..ROUNDS).map(|_| takeovers(suite.case(line))))
        .await;
    let line = "Pending, dead: of complete and claim that meet one wins";
    suite
        .all((0..ROUNDS).map(|_| comeback(suite.case(line))))
        .await;
    let line = "Pending, dead: of resolve and claim that meet one wins";
    suite
        .all((0..ROUNDS).map(|_| by_hand(suite.case(line))))
        .await;
}

/// Lets all rivals claim at once. Returns the number of the one that won, and its fence.
async fn meet(case: &Case) -> (u8, u64) {
    let mut rivals = JoinSet::new();
    for n in 10..10 + RIVALS {
        let case = case.clone();
        rivals.spawn(async move { (n, case.claim(request(n)).await) });
    }
    let mut won = Vec::new();
    while let Some(answer) = rivals.join_next().await {
        match answer.unwrap_or_else(|e| std::panic::resume_unwind(e.into_panic())) {
            (n, ClaimAnswer::Claimed { fence, .. }) => won.push((n, fence)),
            (_, ClaimAnswer::Busy { .. }) => {}
            (_, other) => case.fail(&format!("a claim was answered {other:?}")),
        }
    }
    match won[..] {
        [one] => one,
        _ => case.fail(&format!("{} of {RIVALS} claims won", won.len())),
    }
}

async fn claims(case: Case) {
    let (owner, _) = meet(&case).await;
    case.same(
        "complete",
        &case.complete(token(owner), &recorded(&[owner])).await,
        &Ack::Ok,
    );
    for n in (10..10 + RIVALS).filter(|n| *n != owner) {
        case.stranger(token(n)).await;
    }
    case.is_done(&recorded(&[owner])).await;
}

async fn takeovers(case: Case) {
    let first = case.dead(request(1)).await;
    let (owner, fence) = meet(&case).await;
    case.rises(first, fence);
    case.stranger(token(1)).await;
    case.same("release", &case.release(token(owner)).await, &Ack::Ok);
}

async fn comeback(case: Case) {
    case.dead(request(1)).await;
    let (zombie, mine) = (case.clone(), recorded(b"zombie"));
    let body = mine.clone();
    let zombie = tokio::spawn(async move { zombie.complete(token(1), &body).await });
    let claimed = case.claim(request(2)).await;
    let completed = zombie
        .await
        .unwrap_or_else(|e| std::panic::resume_unwind(e.into_panic()));
    match (completed, &claimed) {
        (Ack::Ok, ClaimAnswer::Done(kept)) => case.same("the replay", kept, &mine),
        (Ack::LeaseLost, ClaimAnswer::Claimed { .. }) => {
            let done = case.complete(token(2), &recorded(b"2")).await;
            case.same("complete by the new owner", &done, &Ack::Ok);
            case.is_done(&recorded(b"2")).await;
        }
        _ => case.fail(&format!("complete was {completed:?} and claim {claimed:?}")),
    }
}

async fn by_hand(case: Case) {
    case.dead(request(1)).await;
    let mine = recorded(b"found out");
    let resolution = Resolution::Done {
        token: token(9),
        recorded: mine.clone(),
        ttl: super::case::LONG,
    };
    let hand = case.clone();
    let hand = tokio::spawn(async move { hand.resolve(&resolution).await });
    let claimed = case.claim(request(2)).await;
    let resolved = hand
        .await
        .unwrap_or_else(|e| std::panic::resume_unwind(e.into_panic()));
    match (resolved, &claimed) {
        (ByHand::Changed, ClaimAnswer::Done(kept)) => case.same("the replay", kept, &mine),
        (ByHand::Busy { .. }, ClaimAnswer::Claimed { .. }) => {}
        _ => case.fail(&format!("resolve was {resolved:?} and claim {claimed:?}")),
    }
}
