//! What becomes of the block after the layers have let it go would be retried by nobody.
use std::pin::Pin;

use resil::retry;

trait Checked: Future<Output = Result<u32, String>> + Sized {
    async fn checked(self) -> Result<u32, String> {
        self.await
    }
}

impl<F: Future<Output = Result<u32, String>>> Checked for F {}

#[retry]
fn suffix() -> Pin<Box<dyn Future<Output = Result<u32, String>>>> {
    Box::pin(async move { Ok(1) }.checked())
}

struct Pool;

impl Pool {
    fn pin<F: Future + 'static>(&self, f: F) -> Pin<Box<dyn Future<Output = F::Output>>> {
        Box::pin(f)
    }
}

#[retry]
fn by_another(pool: &Pool) -> Pin<Box<dyn Future<Output = Result<u32, String>>>> {
    pool.pin(async { Ok(1) })
}

fn main() {
    drop((suffix(), by_another(&Pool)));
}
