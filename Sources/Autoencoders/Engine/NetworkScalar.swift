import Execution
import Foundation
import LinearAlgebra

/// A number that networks compute with: `Float` in use, `Double` where
/// gradients are checked against finite differences.
package protocol NetworkScalar: BinaryFloatingPoint, SIMDScalar, Summand,
  Codable
{
  /// What convolutions go by, where it supports all layers that follow each
  /// other; `PatchEngine` elsewhere.
  associatedtype FastEngine: ConvolutionEngine
  where FastEngine.Layout.Scalar == Self

  /// C ← A · B + beta · C; see `BLAS.multiply`.
  static func multiply(
    m: Int, n: Int, k: Int,
    _ a: UnsafePointer<Self>, stride aStride: Int, _ aForm: BLAS.Form,
    _ b: UnsafePointer<Self>, stride bStride: Int, _ bForm: BLAS.Form,
    beta: Self, into c: UnsafeMutablePointer<Self>, stride cStride: Int)

  /// Replaces every value by its hyperbolic tangent.
  static func applyTanh(_ values: UnsafeMutablePointer<Self>, count: Int)

  static func exponential(_ value: Self) -> Self
  static func logarithm(_ value: Self) -> Self
}

extension Float: NetworkScalar {
  package typealias FastEngine = LaneEngine

  @inline(__always)
  package static func multiply(
    m: Int, n: Int, k: Int,
    _ a: UnsafePointer<Float>, stride aStride: Int, _ aForm: BLAS.Form,
    _ b: UnsafePointer<Float>, stride bStride: Int, _ bForm: BLAS.Form,
    beta: Float, into c: UnsafeMutablePointer<Float>, stride cStride: Int
  ) {
    BLAS.multiply(
      m: m, n: n, k: k, a, stride: aStride, aForm, b, stride: bStride, bForm,
      beta: beta, into: c, stride: cStride)
  }

  package static func applyTanh(
    _ values: UnsafeMutablePointer<Float>, count: Int
  ) {
    let raw = UnsafeMutableRawPointer(values)
    var index = 0
    while index + 16 <= count {
      let x = raw.loadUnaligned(
        fromByteOffset: 4 * index, as: SIMD16<Float>.self)
      raw.storeBytes(
        of: rationalTanh(x), toByteOffset: 4 * index, as: SIMD16<Float>.self)
      index += 16
    }
    while index < count {
      values[index] = rationalTanh(SIMD16(repeating: values[index]))[0]
      index += 1
    }
  }

  package static func exponential(_ value: Float) -> Float { exp(value) }
  package static func logarithm(_ value: Float) -> Float { log(value) }
}

extension Double: NetworkScalar {
  package typealias FastEngine = PatchEngine<Double>

  @inline(__always)
  package static func multiply(
    m: Int, n: Int, k: Int,
    _ a: UnsafePointer<Double>, stride aStride: Int, _ aForm: BLAS.Form,
    _ b: UnsafePointer<Double>, stride bStride: Int, _ bForm: BLAS.Form,
    beta: Double, into c: UnsafeMutablePointer<Double>, stride cStride: Int
  ) {
    BLAS.multiply(
      m: m, n: n, k: k, a, stride: aStride, aForm, b, stride: bStride, bForm,
      beta: beta, into: c, stride: cStride)
  }

  package static func applyTanh(
    _ values: UnsafeMutablePointer<Double>, count: Int
  ) {
    for index in 0..<count { values[index] = tanh(values[index]) }
  }

  package static func exponential(_ value: Double) -> Double { exp(value) }
  package static func logarithm(_ value: Double) -> Double { log(value) }
}

/// The quotient of an odd polynomial of degree 13 and an even one of degree 6
/// that Eigen uses for tanh: within a few units in the last place, and exactly
/// ±1 to single precision beyond the clamp.
@inline(__always)
private func rationalTanh(_ value: SIMD16<Float>) -> SIMD16<Float> {
  let limit = SIMD16<Float>(repeating: 7.905_311)
  var x = value.replacing(with: limit, where: value .> limit)
  x = x.replacing(with: -limit, where: x .< -limit)
  let square = x * x
  var top = square * -2.760_768_5e-16 + 2.000_188e-13
  top = top * square - 8.604_672e-11
  top = top * square + 5.122_297e-8
  top = top * square + 1.485_722_4e-5
  top = top * square + 6.372_619_3e-4
  top = top * square + 4.893_525_5e-3
  var bottom = square * 1.198_258_4e-6 + 1.185_347_1e-4
  bottom = bottom * square + 2.268_434_6e-3
  bottom = bottom * square + 4.893_525e-3
  return x * top / bottom
}
