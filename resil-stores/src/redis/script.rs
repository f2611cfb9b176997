//! Runs the steps as scripts. A script is sent as its hash. A server that does not know the hash (a
//! new server, or one after `SCRIPT FLUSH`) is sent the text, once.

use std::borrow::Cow;
use std::fmt;
use std::sync::LazyLock;
use std::time::Duration;

use ::redis::aio::ConnectionLike;
use ::redis::{Cmd, ErrorKind, RedisResult, Script, ServerErrorKind, Value, cmd};

/// The script of one step: its text, and the hash by which the server knows it.
pub(super) struct Step {
    text: &'static str,
    hash: LazyLock<String>,
}

macro_rules! step {
    ($($file:literal),+) => {{
        const TEXT: &str = concat!($(include_str!($file)),+);
        Step {
            text: TEXT,
            hash: LazyLock::new(|| Script::new(TEXT).get_hash().to_owned()),
        }
    }};
}

pub(super) static CLAIM: Step = step!("lua/prelude.lua", "lua/claim.lua");
pub(super) static RENEW: Step = step!("lua/prelude.lua", "lua/renew.lua");
pub(super) static COMPLETE: Step = step!("lua/prelude.lua", "lua/complete.lua");
pub(super) static RELEASE: Step = step!("lua/prelude.lua", "lua/release.lua");
pub(super) static ABANDON: Step = step!("lua/prelude.lua", "lua/abandon.lua");
pub(super) static LOOKUP: Step = step!("lua/prelude.lua", "lua/lookup.lua");
pub(super) static RESOLVE: Step = step!("lua/prelude.lua", "lua/resolve.lua");
pub(super) static FORGET: Step = step!("lua/prelude.lua", "lua/forget.lua");

/// The steps of rate limits, whose keys are no records.
pub(super) static TAKE: Step = step!("lua/take.lua");
pub(super) static GIVE_BACK: Step = step!("lua/give_back.lua");

/// The arguments of a step: any bytes.
pub(super) type Args<'a> = Vec<Cow<'a, [u8]>>;

impl Step {
    /// Runs the script once, and returns its answer as it came. If the text is needed it is sent by `EVAL`, which routes by the key as
    /// `EVALSHA` does: so it reaches the node of a cluster that needs it.
    pub(super) async fn run(
        &self,
        connection: &mut (dyn ConnectionLike + Send),
        key: &str,
        args: &Args<'_>,
    ) -> RedisResult<Value> {
        let by_hash = self.command("EVALSHA", &self.hash, key, args);
        let answer = connection.req_packed_command(&by_hash).await;
        if !is_no_script(&answer) {
            return answer;
        }
        let by_text = self.command("EVAL", self.text, key, args);
        connection.req_packed_command(&by_text).await
    }

    #[expect(
        clippy::unused_self,
        reason = "reads as what it is: a command of this step"
    )]
    fn command(&self, how: &str, what: &str, key: &str, args: &Args<'_>) -> Cmd {
        let mut command = cmd(how);
        command.arg(what).arg(1).arg(key);
        for arg in args {
            command.arg(&**arg);
        }
        command
    }
}

/// Returns whether the server does not know the hash. The driver returns an error that the server sent
/// as a value here, and one to a cluster as an `Err`.
fn is_no_script(answer: &RedisResult<Value>) -> bool {
    match answer {
        Ok(Value::ServerError(e)) => e.kind() == Some(ServerErrorKind::NoScript),
        Ok(_) => false,
        Err(e) => e.kind() == ErrorKind::Server(ServerErrorKind::NoScript),
    }
}

/// The longest span, in microseconds: 200 years. Added to the clock's own microseconds it is still
/// a whole number that a double holds exactly, and Lua counts in doubles.
const LONGEST: u128 = 200 * 365 * 24 * 60 * 60 * 1_000_000;

/// Returns a span in microseconds, as the scripts count.
pub(super) fn micros(span: Duration) -> Cow<'static, [u8]> {
    number(span.as_micros().min(LONGEST))
}

pub(super) fn number(n: impl fmt::Display) -> Cow<'static, [u8]> {
    n.to_string().into_bytes().into()
}
