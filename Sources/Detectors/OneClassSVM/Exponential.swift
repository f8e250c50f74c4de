/// e^x for sixteen numbers that are zero or negative; exact to about one unit
/// in the last place.
///
/// x = n ln 2 + r with n an integer and |r| ≤ ln 2 / 2 (the reduction of Cody
/// and Waite 1980: ln 2 in two parts, so that n times the first is exact), and
/// e^r by the polynomial of the Cephes library (Moshier 1992). Results below
/// e^-87, near the smallest normal number, are zero. No fused multiply-add is
/// needed: the same speed in lanes, and the same bits, on every processor.
@inline(__always)
package func exponential(_ x: SIMD16<Float>) -> SIMD16<Float> {
  typealias Lanes = SIMD16<Float>
  let smallest: Float = -87
  let clamped = x.replacing(with: smallest, where: x .< smallest)
  // Adding 1.5 · 2^23 leaves the rounded integer in the lowest bits.
  let magic = Lanes(repeating: 0x1.8p23)
  let shifted = clamped * 1.442_695_04 + magic
  let n = shifted - magic
  let r = clamped - n * 0.693_359_375 - n * -2.121_944_4e-4

  var p = Lanes(repeating: 1.987_569_15e-4)
  p = p * r + 1.398_199_950_7e-3
  p = p * r + 8.333_451_907_3e-3
  p = p * r + 4.166_579_589_4e-2
  p = p * r + 1.666_666_545_9e-1
  p = p * r + 5.000_000_120_1e-1
  let fraction = p * (r * r) + r + 1

  // Times 2^n, by adding n to the exponent.
  let power = unsafeBitCast(shifted, to: SIMD16<UInt32>.self) &<< 23
  let bits = unsafeBitCast(fraction, to: SIMD16<UInt32>.self) &+ power
  return unsafeBitCast(bits, to: Lanes.self)
    .replacing(with: 0, where: x .< smallest)
}
