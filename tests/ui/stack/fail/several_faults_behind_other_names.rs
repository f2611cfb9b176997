use resil::retry as again;
use resil::timeout as limit;

#[again(max = 0)]
#[cfg_attr(all(), limit(5))]
async fn fetch() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
