//! Reads the answer of a script: a word, and the strings that belong to it.

use std::time::Duration;

use ::redis::Value;

use super::fault::NAME;
use resil_runtime::idempotency::store::{
    Ack, ByHand, ClaimAnswer, Outcome, Recorded, Snapshot, StoreError, StoreErrorKind, StoreResult,
};

pub(super) struct Answer(Vec<Vec<u8>>);

/// Makes the error for an answer that no script of this store gives. It shows nothing of the
/// answer, which may hold a result.
pub(super) fn corrupt(what: &str) -> StoreError {
    let what = format!("an answer {what}");
    StoreError::new(NAME, StoreErrorKind::Corrupt, what)
}

impl Answer {
    pub(super) fn read(value: Value) -> StoreResult<Self> {
        let Value::Array(parts) = value else {
            return Err(corrupt("that is no list"));
        };
        let part = |part| match part {
            Value::BulkString(bytes) => Ok(bytes),
            // No string: a field is missing in the record.
            _ => Err(corrupt("with a part that is no string")),
        };
        Ok(Self(parts.into_iter().map(part).collect::<Result<_, _>>()?))
    }

    pub(super) fn word(&self) -> &[u8] {
        self.0.first().map_or(&[], Vec::as_slice)
    }

    fn text(&self, at: usize) -> StoreResult<&str> {
        let part = self.0.get(at).ok_or_else(|| corrupt("that is too short"))?;
        std::str::from_utf8(part).map_err(|_| corrupt("with a part that is no text"))
    }

    pub(super) fn number(&self, at: usize) -> StoreResult<u64> {
        let n = self.text(at)?.parse();
        n.map_err(|_| corrupt("with a part that is no number"))
    }

    /// Returns the time that is left. It is never zero: the script answers otherwise once none is
    /// left.
    fn left(&self) -> StoreResult<Duration> {
        Ok(Duration::from_micros(self.number(1)?.max(1)))
    }

    /// Returns fence and outcome, which are the parts from the second on.
    fn done(mut self) -> StoreResult<(u64, Recorded)> {
        let fence = self.number(1)?;
        let outcome = Outcome::parse(self.text(2)?)
            .ok_or_else(|| corrupt("with an outcome that is not known"))?;
        let codec = self.text(4)?.to_owned();
        let version = u32::try_from(self.number(5)?)
            .map_err(|_| corrupt("with a version that is too high"))?;
        let body = std::mem::take(&mut self.0[3]);
        Ok((fence, Recorded::new(outcome, body, codec, version)))
    }

    pub(super) fn claim(self) -> StoreResult<ClaimAnswer> {
        Ok(match self.word() {
            b"claimed" => ClaimAnswer::Claimed {
                fence: self.number(1)?,
                taken_over: self.number(2)? == 1,
            },
            b"reused" => ClaimAnswer::KeyReused,
            b"busy" => ClaimAnswer::Busy { left: self.left()? },
            b"indeterminate" => ClaimAnswer::Indeterminate,
            b"done" => ClaimAnswer::Done(self.done()?.1),
            _ => return Err(corrupt("to a claim that is not known")),
        })
    }

    pub(super) fn ack(self) -> StoreResult<Ack> {
        match self.word() {
            b"ok" => Ok(Ack::Ok),
            b"lost" => Ok(Ack::LeaseLost),
            _ => Err(corrupt("to a step that is not known")),
        }
    }

    pub(super) fn snapshot(self) -> StoreResult<Option<Snapshot>> {
        Ok(match self.word() {
            b"absent" => None,
            b"pending" => {
                let left = Duration::from_micros(self.number(2)?);
                Some(Snapshot::Pending {
                    fence: self.number(1)?,
                    left: (!left.is_zero()).then_some(left),
                })
            }
            b"done" => {
                let (fence, recorded) = self.done()?;
                Some(Snapshot::Done { fence, recorded })
            }
            _ => return Err(corrupt("to a look-up that is not known")),
        })
    }

    pub(super) fn by_hand(self) -> StoreResult<ByHand> {
        Ok(match self.word() {
            b"changed" => ByHand::Changed,
            b"absent" => ByHand::Absent,
            b"busy" => ByHand::Busy { left: self.left()? },
            b"done" => ByHand::Done,
            _ => return Err(corrupt("to a step by hand that is not known")),
        })
    }
}
