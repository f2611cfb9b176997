use resil::hedge;

type Log<'a> = &'a mut Vec<u32>;

// A `&mut` that an alias hides.
#[hedge(after = 50ms)]
async fn hidden(log: Log<'_>) -> Result<u32, String> {
    log.push(1);
    Ok(1)
}

fn main() {}
