resil::stack! {}

fn main() {}
