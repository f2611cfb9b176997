use resil::retry;

#[retry]
async fn whole(mut count: u32) -> Result<u32, String> {
    count += 1;
    Ok(count)
}

#[retry]
async fn in_a_pattern((mut a, b): (u32, u32)) -> Result<u32, String> {
    a += b;
    Ok(a)
}

async fn caller() -> Result<u32, String> {
    Ok(whole(1).await? + in_a_pattern((1, 2)).await?)
}

fn main() {
    drop(caller());
}
