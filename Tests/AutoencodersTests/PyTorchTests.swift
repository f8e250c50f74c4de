import Autoencoders
import Execution
import Foundation
import LinearAlgebra
import Testing

// The figures come from PyTorch 2.15 on the CPU, float32, with the networks of
// the homework as nn.Sequential. Parameter tensor number t (weight, bias,
// weight, ... from 0) is b (2 u - 1) over its flattened index i, with
// u = the fraction of 43758.5453 sin(12.9898 i + 78.233 t) and
// b = 1 / sqrt(fan-in) of its layer. The 16 images are
// 0.9 sin(0.7 n + 0.11 y + 0.13 x (c + 1)), fed to `fcn` with the channels
// last. Of the first gradient of the mean squared error two numbers are noted
// for each tensor: its norm and the sum of g cos(1.3 i). Then 10 steps of
// torch.optim.Adam(lr=1e-3) on the same batch, in float64: float32 with weights
// that differ by parts in ten million gives the same loss to parts in a
// million. After 50 steps it no longer does: 1 of 5 such runs of `fcn` is 8 %
// away.

private let shape = ImageShape(height: 64, width: 64, channels: 3)

private func images() -> Batch<Float> {
  Batch(
    (0..<16).flatMap { n in
      (0..<shape.count).map { index in
        let (y, x, c) = (index / 192, index / 3 % 64, index % 3)
        let angle = 0.7 * Double(n) + 0.11 * Double(y)
        return Float(0.9 * sin(angle + 0.13 * Double(x * (c + 1))))
      }
    }, rows: 16)
}

/// For every tensor of PyTorch's, in its order: where its elements, in its
/// order, stand among ours, and its bound.
private func tensors(
  of network: Network<Float>
) -> [(places: [Int], bound: Double)] {
  zip(network.layers, network.parameterOffsets).flatMap {
    layer, offset -> [(places: [Int], bound: Double)] in
    let weights: [Int]
    let (fanIn, biasCount): (Int, Int)
    switch layer {
    case .convolution(let layer):
      // (small, big, y, x) to [y, x, big, small]
      weights = places(layer.geometry)
      fanIn = layer.geometry.big.channels * 16
      biasCount = layer.output.channels
    case .linear(let layer):
      // (out, in) to [in, out]
      let (rows, columns) = (layer.input.count, layer.output.count)
      weights = (0..<rows * columns).map {
        $0 % rows * columns + $0 / rows
      }
      (fanIn, biasCount) = (rows, columns)
    case .batchNormalization, .activation: return []
    }
    let bound = 1 / Double(fanIn).squareRoot()
    return [
      (weights.map { offset + $0 }, bound),
      ((0..<biasCount).map { offset + weights.count + $0 }, bound),
    ]
  }
}

private func places(_ geometry: PatchGeometry) -> [Int] {
  let (big, small) = (geometry.big.channels, geometry.small.channels)
  return (0..<geometry.weightCount).map { index in
    let (s, b, tap) = (index / (big * 16), index / 16 % big, index % 16)
    return (tap * big + b) * small + s
  }
}

private struct Reference {
  var architecture: Architecture
  var firstLoss: Double
  var lossAfter10: Double
  /// Norm and projection.
  var gradients: [(Double, Double)]
}

private let references = [
  Reference(
    architecture: .cnn, firstLoss: 0.416455418,
    lossAfter10: 0.399552882,
    gradients: [
      (0.0002680256, -8.804175e-05), (6.939067e-05, 0.0001058404),
      (0.0006606245, 0.0001558637), (0.0001643234, 3.022363e-06),
      (0.001054818, 0.0004387844), (0.0003453214, -0.0001780197),
      (0.001249942, 0.00065699), (0.001970502, 0.0008979663),
      (0.001841516, -8.253931e-06), (0.0121186, 0.007048199),
      (0.009235093, 0.001589689), (0.1200937, 0.07894009),
    ]),
  Reference(
    architecture: .fcn, firstLoss: 0.410534620,
    lossAfter10: 0.351396824,
    gradients: [
      (0.002425892, -1.218443e-05), (4.26617e-05, 4.258082e-05),
      (0.0002770141, -4.414136e-05), (0.0001075204, -7.534573e-06),
      (0.0002421196, 1.021275e-06), (0.0002954345, -0.0003841324),
      (0.000189123, -2.207917e-05), (0.0007598087, -0.0007010957),
      (0.0005140498, -0.000449676), (0.001305754, 0.0007525812),
      (0.002064545, 0.0004981165), (0.003781812, -0.001324327),
      (0.007183701, -0.0001372845), (0.005510189, -0.000549633),
      (0.001940095, -0.0002328422), (0.001846541, 0.0004692939),
    ]),
]

@Suite("The same weights and batch as in PyTorch")
struct PyTorchTests {
  @Test(
    "give the same loss and gradients, and the same loss after 10 steps",
    arguments: [0, 1])
  func agreement(reference index: Int) throws {
    let reference = references[index]
    var network = try #require(
      Autoencoder(reference.architecture)
        .untrainedNetworks(for: shape, seed: 0).first)
    let tensors = tensors(of: network)
    for (number, tensor) in tensors.enumerated() {
      for (index, place) in tensor.places.enumerated() {
        let chance =
          43758.5453 * sin(12.9898 * Double(index) + 78.233 * Double(number))
        let uniform = chance - chance.rounded(.down)
        network.parameters[place] = Float(tensor.bound * (2 * uniform - 1))
      }
    }
    var adam = Adam(
      parameterCount: network.parameters.count, options: TrainingOptions())
    let images = images()
    func step() -> Double {
      let tape = network.record(images)
      let loss = tape.output.meanSquaredError(to: images)
      network.backward(loss.gradient, tape, addingTo: &adam.gradient)
      return loss.value
    }

    let loss = step()
    #expect(abs(loss / reference.firstLoss - 1) < 1e-4)
    #expect(tensors.count == reference.gradients.count)
    for (tensor, (norm, projection)) in zip(tensors, reference.gradients) {
      let gradient = tensor.places.map { Double(adam.gradient[$0]) }
      let ourNorm = gradient.reduce(0) { $0 + $1 * $1 }.squareRoot()
      let ourProjection = gradient.enumerated().reduce(0) {
        $0 + $1.element * cos(1.3 * Double($1.offset))
      }
      #expect(abs(ourNorm / norm - 1) < 1e-4)
      #expect(abs(ourProjection - projection) < 1e-4 * norm)
    }

    adam.step(&network.parameters, learningRate: 1e-3)
    for _ in 1..<10 {
      _ = step()
      adam.step(&network.parameters, learningRate: 1e-3)
    }
    let last = network(images).meanSquaredError(to: images).value
    #expect(abs(last / reference.lossAfter10 - 1) < 1e-5)
  }
}
