//! Which versions of the peers are compared with: those of the lock file that this was built by.

const LOCK: &str = include_str!("../../../../Cargo.lock");
const MANIFEST: &str = include_str!("../../../Cargo.toml");

/// The optional dependencies of this package, which are the peers and the limits, each with its version.
pub(crate) fn of_the_peers() -> String {
    let optional = MANIFEST.lines().filter(|line| line.contains("optional = true") && !line.contains("workspace = true"));
    let named = optional.filter_map(|line| {
        let name = line.split(' ').next()?;
        Some(format!("{name} {}", version(name)?))
    });
    named.collect::<Vec<_>>().join(", ")
}

/// The version of a dependency of this package.
fn version(name: &str) -> Option<&'static str> {
    let mut packages = LOCK.split("[[package]]");
    // Where there are several versions of a package, the one that is used stands behind its name.
    let own = packages.clone().find(|package| package.contains("name = \"tidings-benches\""))?;
    let dependency = own
        .lines()
        .filter_map(|line| line.trim().strip_prefix('"')?.strip_suffix("\","))
        .find(|line| line.split(' ').next() == Some(name))?;
    match dependency.split_once(' ') {
        Some((_, version)) => Some(version),
        None => packages.find_map(|package| package.split_once(&format!("name = \"{name}\"\nversion = \""))?.1.split('"').next()),
    }
}
