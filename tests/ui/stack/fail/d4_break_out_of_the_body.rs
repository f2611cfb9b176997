//! A `break` finds no loop of ours.
#[resil::circuit]
#[resil::retry]
async fn stops(n: u32) -> Result<u32, resil::Error> {
    if n == 0 {
        break;
    }
    Ok(n)
}

#[resil::retry]
async fn goes_on(n: u32) -> Result<u32, String> {
    if n == 0 {
        continue;
    }
    Ok(n)
}

fn main() {}
