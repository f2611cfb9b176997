use resil::{hedge, retry};

struct Client(u32);

#[hedge(after = 50ms)]
async fn whole(mut count: u32) -> Result<u32, String> {
    count += 1;
    Ok(count)
}

#[hedge(after = 50ms, clone(b))]
async fn in_a_pattern((mut a, mut b): (u32, u32)) -> Result<u32, String> {
    a += b;
    b += a;
    Ok(a + b)
}

#[retry]
#[hedge(after = 50ms)]
async fn under_a_retry(mut count: u32) -> Result<u32, String> {
    count += 1;
    Ok(count)
}

impl Client {
    #[hedge(after = 50ms)]
    async fn own(mut self) -> Result<u32, String> {
        self.0 += 1;
        Ok(self.0)
    }
}

fn main() {}
