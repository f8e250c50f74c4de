import Testing

@testable import LocalFeatures
