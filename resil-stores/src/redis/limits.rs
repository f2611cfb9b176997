//! The rate limits in Redis or Valkey. Each step is one script on one key, by the server's clock.
//!
//! A state is a string under the prefix, `rate:` and the 64 hex digits of the key
//! (`resil:rate:3f2a..`): instant, units owed and rate, as in `1732813200123456 40000 1`. `GET` shows it.
//! It expires a second after nothing is owed any more, so that keys which nobody uses take no room. A
//! step touches one key, so a cluster serves as well as one server.
//!
//! A limit forgets calls when Redis does: at a failover those that the replica has not got yet, at a
//! restart those that the append-only file has not, and with a `maxmemory-policy` other than `noeviction`
//! those of keys that Redis evicts. Then more calls are let in, at most one burst of each key that was
//! forgotten.

use std::time::Duration;

use resil_runtime::rate_limit::store::{
    BoxFuture, LimitKey, LimitState, LimitStore, StoreResult, TakeAnswer, TakeRequest,
};

use super::answer::{Answer, corrupt};
use super::client::Redis;
use super::fault::NAME;
use super::script::{self, number};

impl LimitStore for Redis {
    fn describe(&self) -> &'static str {
        NAME
    }

    fn take<'a>(
        &'a self,
        key: &'a LimitKey,
        request: &'a TakeRequest,
    ) -> BoxFuture<'a, StoreResult<TakeAnswer>> {
        Box::pin(async move {
            let args = vec![
                number(request.rate()),
                number(request.price()),
                number(request.tolerance()),
                request.patience().map_or_else(|| number(-1), number),
            ];
            let answer = self.limit_step(&script::TAKE, key, &args).await?;
            read(&answer, request)
        })
    }

    fn give_back<'a>(
        &'a self,
        key: &'a LimitKey,
        turn: LimitState,
        price: u64,
    ) -> BoxFuture<'a, StoreResult<bool>> {
        Box::pin(async move {
            let args = [turn.at, turn.owed, turn.rate, price].map(number).to_vec();
            let answer = self.limit_step(&script::GIVE_BACK, key, &args).await?;
            match answer.word() {
                b"ok" => Ok(true),
                b"lost" => Ok(false),
                _ => Err(corrupt("to a step that is not known")),
            }
        })
    }
}

fn read(answer: &Answer, request: &TakeRequest) -> StoreResult<TakeAnswer> {
    let word = answer.word();
    if word == b"foreign" {
        return Err(corrupt("about a key that holds no rate limit"));
    }
    let state = LimitState {
        at: answer.number(1)?,
        owed: answer.number(2)?,
        rate: request.rate(),
    };
    let wait = Duration::from_micros(answer.number(3)?);
    match word {
        b"now" => Ok(TakeAnswer::Now { state }),
        b"turn" => Ok(TakeAnswer::Turn { wait, state }),
        b"early" => Ok(TakeAnswer::TooEarly { wait, state }),
        _ => Err(corrupt("to a step that is not known")),
    }
}
