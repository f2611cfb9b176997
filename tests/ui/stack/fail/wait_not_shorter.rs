use resil::{bulkhead, rate_limit, retry, timeout};

#[timeout(1s)]
#[bulkhead(max = 1, queue = 1, wait = 2s)]
async fn in_a_queue() -> Result<u32, resil::Error> {
    Ok(1)
}

#[timeout(1s)]
#[rate_limit(max = 5, per = 1s, wait = 1s)]
async fn for_a_turn() -> Result<u32, resil::Error> {
    Ok(1)
}

#[timeout(5s)]
#[retry(max = 2)]
#[timeout(1s)]
#[rate_limit(max = 5, per = 1s, wait = 3s)]
async fn by_the_shortest_limit_around() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
