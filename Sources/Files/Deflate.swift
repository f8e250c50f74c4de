/// The compression of PNG, gzip and zip (RFC 1951).
package enum Deflate {
  /// The most bytes that one compressed byte can stand for: two bits are the
  /// least that 258 of them cost.
  package static let largestRatio = 1032
}
