//! Each policy, and a whole [`Stack`](resil_runtime::Stack), as a layer of tower.
