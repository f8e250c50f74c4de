/// The version of this package, as in files that it writes.
public let anomalyKitVersion = "0.2.0"
