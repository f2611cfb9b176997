use resil::{hedge, retry};

#[hedge(after = 50ms)]
#[retry(max = 11)]
async fn two_copies_in_each_of_many_attempts() -> Result<u32, resil::Error> {
    Ok(1)
}

#[retry]
#[hedge(after = 50ms, max = 7)]
async fn many_copies_in_each_of_three_attempts() -> Result<u32, resil::Error> {
    Ok(1)
}

fn main() {}
