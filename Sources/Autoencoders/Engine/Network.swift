import Execution
import LinearAlgebra

/// Layers one after the other, with their parameters.
///
/// Sums over images are taken in fixed blocks of images and added up in order:
/// the number of threads changes no bit.
package struct Network<Scalar: NetworkScalar>: Sendable {
  package let input: ImageShape
  package let output: ImageShape
  package let layers: [Layer]
  /// Where the parameters and the statistics of every layer begin.
  package let parameterOffsets: [Int]
  private let statisticOffsets: [Int]
  package private(set) var parameterCount: Int
  package private(set) var statisticCount: Int
  /// The trained numbers, layer after layer.
  package var parameters: [Scalar]
  /// The numbers that move with the batches, layer after layer.
  package var statistics: [Scalar]

  /// - Parameters:
  ///   - seed: Nil leaves the parameters and statistics empty, for a saved
  ///     state.
  ///   - stream: Networks of one seed differ by it.
  package init(_ stack: LayerStack, seed: UInt64?, stream: UInt64) {
    input = stack.input
    output = stack.output
    layers = stack.layers
    var (parameterOffsets, statisticOffsets) = ([Int](), [Int]())
    (parameterCount, statisticCount) = (0, 0)
    for layer in layers {
      parameterOffsets.append(parameterCount)
      statisticOffsets.append(statisticCount)
      parameterCount += layer.parameterCount
      statisticCount += layer.statisticCount
    }
    self.parameterOffsets = parameterOffsets
    self.statisticOffsets = statisticOffsets
    (parameters, statistics) = ([], [])
    guard let seed else { return }
    var generator = SeededGenerator(seed: seed, stream: stream)
    for layer in layers {
      parameters += layer.initialParameters(&generator)
      statistics += layer.initialStatistics()
    }
  }

  /// What a forward pass leaves for the backward pass.
  package struct Tape {
    package fileprivate(set) var output: Batch<Scalar>
    fileprivate var steps: [Record] = []

    fileprivate struct Record {
      /// The input; of convolutions, the values at every place instead.
      var values: [Batch<Scalar>]
      var moments: BatchNormalization.Moments?
    }
  }

  /// Bytes that the values and gradients of one image take in training.
  var bytesPerImage: Int {
    let values = layers.reduce(2 * input.count) {
      $0 + ($1.output?.count ?? 0) * 2
    }
    return values * MemoryLayout<Scalar>.stride
  }
}

// MARK: Steps

extension Network {
  /// Layers that are computed together.
  private enum Step {
    case linear(Linear)
    case batchNormalization(BatchNormalization)
    /// Without convolutions, computed in place.
    case activation(Activation)
    case convolutions(ConvolutionPass<PatchEngine<Scalar>>)
    case fastConvolutions(ConvolutionPass<Scalar.FastEngine>)
  }

  /// Calls `body` with each step in order and where its parameters and its
  /// statistics begin.
  private func forEachStep(
    of range: Range<Int>?,
    _ body: (Step, UnsafePointer<Scalar>, _ statistics: Int) -> Void
  ) {
    parameters.withUnsafeBufferPointer { parameters in
      for layers in steps(range ?? 0..<layers.count) {
        let first = layers.lowerBound
        body(
          step(layers), parameters.start + parameterOffsets[first],
          statisticOffsets[first])
      }
    }
  }

  /// The range cut into single layers, but for convolutions and activations
  /// that follow each other; of two activations the second stands alone.
  private func steps(_ range: Range<Int>) -> [Range<Int>] {
    var steps: [Range<Int>] = []
    for index in range {
      if let last = steps.last, continuesConvolutions(index) {
        steps[steps.count - 1] = last.lowerBound..<index + 1
      } else {
        steps.append(index..<index + 1)
      }
    }
    return steps
  }

  private func continuesConvolutions(_ index: Int) -> Bool {
    switch (layers[index - 1], layers[index]) {
    case (.convolution, .convolution), (.convolution, .activation): true
    case (.activation, .convolution): true
    default: false
    }
  }

  private func step(_ range: Range<Int>) -> Step {
    let (slice, input) = (layers[range], shape(before: range.lowerBound))
    switch layers[range.lowerBound] {
    case .linear(let linear): return .linear(linear)
    case .batchNormalization(let normalization):
      return .batchNormalization(normalization)
    case .activation(let activation) where range.count == 1:
      return .activation(activation)
    case .activation, .convolution: break
    }
    if let pass = ConvolutionPass<Scalar.FastEngine>(slice, input: input) {
      return .fastConvolutions(pass)
    }
    guard
      let pass = ConvolutionPass<PatchEngine<Scalar>>(slice, input: input)
    else { preconditionFailure("patches do for all convolutions") }
    return .convolutions(pass)
  }

  private func shape(before index: Int) -> ImageShape {
    layers[..<index].lazy.reversed().compactMap(\.output).first ?? input
  }
}

// MARK: Forward

extension Network {
  /// The outputs as the trained network gives them: a row for every image.
  package func callAsFunction(
    _ batch: Batch<Scalar>, layers range: Range<Int>? = nil
  ) -> Batch<Scalar> {
    var current = batch
    forEachStep(of: range) { step, parameters, statisticOffset in
      switch step {
      case .convolutions(let pass): current = pass.forward(current, parameters)
      case .fastConvolutions(let pass):
        current = pass.forward(current, parameters)
      case .activation(let activation):
        if current === batch { current = batch.copy() }
        activation.forward(current)
      case .linear(let linear): current = linear.forward(current, parameters)
      case .batchNormalization(let normalization):
        current = statistics.withUnsafeBufferPointer {
          normalization.forward(
            current, parameters, statistics: $0.start + statisticOffset)
        }
      }
    }
    return current
  }

  /// A forward pass of training; moves the statistics.
  ///
  /// Activations that come first change the batch in place.
  package mutating func record(_ batch: Batch<Scalar>) -> Tape {
    var tape = Tape(output: batch)
    var statistics = statistics
    forEachStep(of: nil) { step, parameters, statisticOffset in
      var record = Tape.Record(values: [tape.output])
      switch step {
      case .convolutions(let pass):
        (record.values, tape.output) = pass.record(tape.output, parameters)
      case .fastConvolutions(let pass):
        (record.values, tape.output) = pass.record(tape.output, parameters)
      case .activation(let activation): activation.forward(tape.output)
      case .linear(let linear):
        tape.output = linear.forward(tape.output, parameters)
      case .batchNormalization(let normalization):
        (tape.output, record.moments) =
          statistics.withUnsafeMutableBufferPointer {
            normalization.forwardInTraining(
              tape.output, parameters,
              statistics: $0.start + statisticOffset)
          }
      }
      tape.steps.append(record)
    }
    self.statistics = statistics
    return tape
  }
}

// MARK: Backward

extension Network {
  /// Adds to the gradient of the parameters and gives, when it is wanted, the
  /// gradient of the input.
  ///
  /// The gradient of the output is used up as memory.
  @discardableResult
  package func backward(
    _ outputGradient: Batch<Scalar>, _ tape: Tape,
    addingTo gradient: inout [Scalar], wantsInputGradient: Bool = false
  ) -> Batch<Scalar>? {
    var current = outputGradient
    withPointers(addingTo: &gradient) { parameters, gradient in
      for (range, record) in zip(steps(0..<layers.count), tape.steps)
        .reversed()
      {
        let wantsInput = wantsInputGradient || range.lowerBound > 0
        let offset = parameterOffsets[range.lowerBound]
        let (parameters, gradient) = (parameters + offset, gradient + offset)
        switch step(range) {
        case .linear(let linear):
          current =
            linear.backward(
              current, input: record.values[0], parameters,
              addingTo: gradient, wantsInputGradient: wantsInput) ?? current
        case .batchNormalization(let normalization):
          guard let moments = record.moments else { continue }
          current = normalization.backward(
            current, input: record.values[0], moments, parameters,
            addingTo: gradient)
        case .activation(let activation):
          activation.backward(current, output: record.values[0])
        case .convolutions(let pass):
          current =
            pass.backward(
              current, record.values, parameters, addingTo: gradient,
              wantsInputGradient: wantsInput) ?? current
        case .fastConvolutions(let pass):
          current =
            pass.backward(
              current, record.values, parameters, addingTo: gradient,
              wantsInputGradient: wantsInput) ?? current
        }
      }
    }
    return wantsInputGradient ? current : nil
  }

  /// `ConvolutionPass.reconstructionError` of the whole network; nil, and
  /// nothing done, when a layer looks at whole batches.
  package func reconstructionError(
    of batch: Batch<Scalar>, addingTo gradient: inout [Scalar]
  ) -> Double? {
    guard steps(0..<layers.count).count == 1 else { return nil }
    return withPointers(addingTo: &gradient) { parameters, gradient in
      switch step(0..<layers.count) {
      case .convolutions(let pass):
        pass.reconstructionError(of: batch, parameters, addingTo: gradient)
      case .fastConvolutions(let pass):
        pass.reconstructionError(of: batch, parameters, addingTo: gradient)
      case .linear, .batchNormalization, .activation: nil
      }
    }
  }

  private func withPointers<Result>(
    addingTo gradient: inout [Scalar],
    _ body: (UnsafePointer<Scalar>, UnsafeMutablePointer<Scalar>) -> Result
  ) -> Result {
    precondition(gradient.count == parameters.count)
    return gradient.withUnsafeMutableBufferPointer { gradient in
      parameters.withUnsafeBufferPointer { parameters in
        body(parameters.start, gradient.start)
      }
    }
  }
}

extension UnsafeBufferPointer {
  @inline(__always)
  fileprivate var start: UnsafePointer<Element> {
    guard let baseAddress else {
      preconditionFailure("a network has parameters")
    }
    return baseAddress
  }
}

extension UnsafeMutableBufferPointer {
  @inline(__always)
  fileprivate var start: UnsafeMutablePointer<Element> {
    guard let baseAddress else {
      preconditionFailure("a network has parameters")
    }
    return baseAddress
  }
}
