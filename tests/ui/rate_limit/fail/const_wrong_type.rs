const MAX: u64 = 100;
const PER: u32 = 1;

#[resil::rate_limit(max = MAX, per = PER)]
async fn pay() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
