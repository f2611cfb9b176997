use std::pin::Pin;

use resil::hedge;

struct Client(u32);

#[hedge(after = 50ms)]
async fn argument(log: &mut Vec<u32>) -> Result<u32, String> {
    log.push(1);
    Ok(1)
}

#[hedge(after = 50ms, clone(log))]
async fn cloned<'a>(log: &'a mut Vec<u32>) -> Result<u32, String> {
    log.push(1);
    Ok(1)
}

#[hedge(after = 50ms)]
async fn pinned(job: Pin<&mut u32>) -> Result<u32, String> {
    Ok(*job)
}

impl Client {
    #[hedge(after = 50ms)]
    async fn method(&mut self, n: u32) -> Result<u32, String> {
        self.0 += n;
        Ok(self.0)
    }

    #[hedge(after = 50ms)]
    async fn typed(self: &mut Self) -> Result<u32, String> {
        self.0 += 1;
        Ok(self.0)
    }
}

#[async_trait::async_trait]
trait Counts {
    async fn count(&mut self, log: &mut Vec<u32>) -> Result<u32, String>;
}

#[async_trait::async_trait]
impl Counts for Client {
    #[hedge(after = 50ms)]
    async fn count(&mut self, log: &mut Vec<u32>) -> Result<u32, String> {
        log.push(self.0);
        Ok(1)
    }
}

fn main() {}
