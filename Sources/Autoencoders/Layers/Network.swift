import Execution
import LinearAlgebra

/// Layers one after the other, with their parameters.
///
/// Image-by-image layers that follow each other take one image, or sixteen
/// side by side, from the first layer to the last, so that its values stay in
/// the cache. Sums over images are taken in fixed blocks of images and added up
/// in order: the number of threads changes no bit.
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
      /// The input; of a group, the values at every place instead.
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
  private enum Step {
    case linear(Linear)
    case batchNormalization(BatchNormalization)
    /// Activations alone, computed in place.
    case activations([Activation])
    case group(ImageGroup)
  }

  /// Calls `body` with each step in order, where its parameters and its
  /// statistics begin, and the parameters of the network.
  private func run(
    _ range: Range<Int>?,
    _ body: (
      Step, (parameters: Int, statistics: Int), UnsafePointer<Scalar>
    ) -> Void
  ) {
    parameters.withUnsafeBufferPointer { parameters in
      for layers in steps(range ?? 0..<layers.count) {
        let first = layers.lowerBound
        body(
          step(layers), (parameterOffsets[first], statisticOffsets[first]),
          parameters.start)
      }
    }
  }

  /// The range cut into single batch-wise layers and runs of image-by-image
  /// ones.
  private func steps(_ range: Range<Int>) -> [Range<Int>] {
    var steps: [Range<Int>] = []
    for index in range {
      if let last = steps.last, layers[index].isImageByImage,
        layers[last.lowerBound].isImageByImage
      {
        steps[steps.count - 1] = last.lowerBound..<index + 1
      } else {
        steps.append(index..<index + 1)
      }
    }
    return steps
  }

  private func step(_ range: Range<Int>) -> Step {
    switch layers[range.lowerBound] {
    case .linear(let linear): return .linear(linear)
    case .batchNormalization(let normalization):
      return .batchNormalization(normalization)
    default: break
    }
    let activations = range.compactMap { layers[$0].activation }
    guard activations.count < range.count else {
      return .activations(activations)
    }
    var shapes = [shape(before: range.lowerBound)]
    for index in range { shapes.append(shape(before: index + 1)) }
    return .group(
      ImageGroup(
        layers: range, shapes: shapes,
        inLanes: Scalar.self == Float.self
          && range.allSatisfy { layers[$0].worksInLanes }))
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
    run(range) { step, offsets, parameters in
      switch step {
      case .group(let group):
        current = forward(group, current, parameters)
      case .activations(let activations):
        if current === batch { current = batch.copy() }
        forward(activations, current)
      case .linear(let linear):
        current = linear.forward(current, parameters + offsets.parameters)
      case .batchNormalization(let normalization):
        current = statistics.withUnsafeBufferPointer {
          normalization.forward(
            current, parameters + offsets.parameters,
            statistics: $0.start + offsets.statistics)
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
    run(nil) { step, offsets, parameters in
      var record = Tape.Record(values: [tape.output])
      switch step {
      case .group(let group):
        (record.values, tape.output) = self.record(
          group, tape.output, parameters)
      case .activations(let activations): forward(activations, tape.output)
      case .linear(let linear):
        tape.output = linear.forward(
          tape.output, parameters + offsets.parameters)
      case .batchNormalization(let normalization):
        (tape.output, record.moments) =
          statistics.withUnsafeMutableBufferPointer {
            normalization.forwardInTraining(
              tape.output, parameters + offsets.parameters,
              statistics: $0.mutableStart + offsets.statistics)
          }
      }
      tape.steps.append(record)
    }
    self.statistics = statistics
    return tape
  }

  private func forward(_ activations: [Activation], _ batch: Batch<Scalar>) {
    Parallel.forEach(batch.rows) { row in
      for activation in activations {
        activation.forward(batch.row(row), count: batch.columns)
      }
    }
  }

  /// Runs a group; gives the output of its last layer.
  private func forward(
    _ group: ImageGroup, _ input: Batch<Scalar>,
    _ parameters: UnsafePointer<Scalar>
  ) -> Batch<Scalar> {
    let products = products(group, parameters, forBackward: false)
    let last = group.layers.count
    let result = Batch<Scalar>(
      rows: input.rows, columns: group.shapes[last].count)
    let blocks = group.blocks(rows: input.rows)
    Parallel.forEach(blocks.count) { block in
      let scratch = scratch(group)
      let values = values(group, units: 1)
      for unit in blocks[block] {
        group.load(unit, of: input, place: 0, into: values[0].values)
        forward(group, parameters, products, { values[$0].values }, scratch)
        group.unload(values[last].values, place: last, into: result, unit)
      }
    }
    return result
  }

  /// Runs a group; gives the values at every place, and the output as rows.
  private func record(
    _ group: ImageGroup, _ input: Batch<Scalar>,
    _ parameters: UnsafePointer<Scalar>
  ) -> (values: [Batch<Scalar>], output: Batch<Scalar>) {
    let products = products(group, parameters, forBackward: false)
    let last = group.layers.count
    let values = values(group, units: group.unitCount(rows: input.rows))
    let result = Batch<Scalar>(
      rows: input.rows, columns: group.shapes[last].count)
    let blocks = group.blocks(rows: input.rows)
    Parallel.forEach(blocks.count) { block in
      let scratch = scratch(group)
      for unit in blocks[block] {
        group.load(unit, of: input, place: 0, into: values[0].row(unit))
        forward(group, parameters, products, { values[$0].row(unit) }, scratch)
        group.unload(values[last].row(unit), place: last, into: result, unit)
      }
    }
    return (values, result)
  }

  /// Memory for the values of every place of a group, a row for each unit; an
  /// activation's are its input's.
  private func values(_ group: ImageGroup, units: Int) -> [Batch<Scalar>] {
    var values: [Batch<Scalar>] = []
    for place in group.shapes.indices {
      let isOwn =
        place == 0 || layers[group.layers.lowerBound + place - 1].output != nil
      values.append(
        isOwn
          ? Batch(rows: units, columns: group.valueCount(place))
          : values[place - 1])
    }
    return values
  }

  /// Takes one unit through a group.
  ///
  /// - Parameters:
  ///   - values: Where the values of every place are.
  ///   - finish: Called with the numbers of the output that are finished, while
  ///     they are in the cache.
  @inline(__always)
  private func forward(
    _ group: ImageGroup, _ parameters: UnsafePointer<Scalar>,
    _ products: [PatchProducts<Scalar>?],
    _ values: (Int) -> UnsafeMutablePointer<Scalar>, _ scratch: Batch<Scalar>,
    finish: (Range<Int>) -> Void = { _ in }
  ) {
    if let activation = layers[group.layers.lowerBound].activation {
      activation.forward(values(0), count: group.valueCount(0))
    }
    for (place, index) in group.layers.enumerated() {
      guard let products = products[place] else { continue }
      let (from, to) = (values(place), values(place + 1))
      let next = index + 1
      let activation =
        next < group.layers.upperBound ? layers[next].activation : nil
      let isLast =
        next + (activation == nil ? 0 : 1) == group.layers.upperBound
      func finishing(_ numbers: Range<Int>) {
        activation?.forward(to + numbers.lowerBound, count: numbers.count)
        if isLast { finish(numbers) }
      }
      if case .convolution(let layer) = layers[index] {
        layer.forward(
          from, products, bias: bias(index, parameters), into: to,
          scratch: scratch.values, finish: finishing)
      } else if case .transposedConvolution(let layer) = layers[index] {
        layer.forward(
          from, products, bias: bias(index, parameters), into: to,
          scratch: scratch.values, finish: finishing)
      }
    }
  }

  private func scratch(_ group: ImageGroup) -> Batch<Scalar> {
    let counts = group.layers.map { layers[$0].scratchCount }
    return Batch(rows: 1, columns: group.inLanes ? 0 : counts.max() ?? 0)
  }
}

// MARK: Convolutions

extension Network {
  /// The products of each convolution of either kind with its weights; nil
  /// for other layers.
  private func products(
    _ group: ImageGroup, _ parameters: UnsafePointer<Scalar>, forBackward: Bool
  ) -> [PatchProducts<Scalar>?] {
    group.layers.map { index in
      let weights = parameters + parameterOffsets[index]
      return switch layers[index] {
      case .convolution(let layer):
        layer.products(
          weights, inLanes: group.inLanes, forBackward: forBackward)
      case .transposedConvolution(let layer):
        layer.products(
          weights, inLanes: group.inLanes, forBackward: forBackward)
      default: nil
      }
    }
  }

  /// Where the bias of a convolution of either kind begins among the
  /// parameters; nil without one.
  private func biasOffset(_ index: Int) -> Int? {
    switch layers[index] {
    case .convolution(let layer) where layer.hasBias:
      parameterOffsets[index] + layer.geometry.weightCount
    case .transposedConvolution(let layer) where layer.hasBias:
      parameterOffsets[index] + layer.geometry.weightCount
    default: nil
    }
  }

  @inline(__always)
  private func bias(
    _ index: Int, _ parameters: UnsafePointer<Scalar>
  ) -> UnsafePointer<Scalar>? {
    biasOffset(index).map { parameters + $0 }
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
    gradient.withUnsafeMutableBufferPointer { gradient in
      parameters.withUnsafeBufferPointer { parameters in
        for (range, record) in zip(steps(0..<layers.count), tape.steps)
          .reversed()
        {
          let wantsInput = wantsInputGradient || range.lowerBound > 0
          let offset = parameterOffsets[range.lowerBound]
          switch step(range) {
          case .linear(let linear):
            current =
              linear.backward(
                current, input: record.values[0], parameters.start + offset,
                addingTo: gradient.mutableStart + offset,
                wantsInputGradient: wantsInput) ?? current
          case .batchNormalization(let normalization):
            guard let moments = record.moments else { continue }
            current = normalization.backward(
              current, input: record.values[0], moments,
              parameters.start + offset,
              addingTo: gradient.mutableStart + offset)
          case .activations(let activations):
            Parallel.forEach(current.rows) { row in
              for activation in activations.reversed() {
                activation.backward(
                  current.row(row), output: record.values[0].row(row),
                  count: current.columns)
              }
            }
          case .group(let group):
            current =
              backward(
                group, current, record.values, parameters.start,
                gradient.mutableStart, wantsInput: wantsInput) ?? current
          }
        }
      }
    }
    return wantsInputGradient ? current : nil
  }

  private func backward(
    _ group: ImageGroup, _ outputGradient: Batch<Scalar>,
    _ values: [Batch<Scalar>],
    _ parameters: UnsafePointer<Scalar>,
    _ gradient: UnsafeMutablePointer<Scalar>, wantsInput: Bool
  ) -> Batch<Scalar>? {
    let inputGradient =
      wantsInput
      ? Batch<Scalar>(
        rows: outputGradient.rows, columns: group.shapes[0].count) : nil
    let last = group.layers.count
    backward(
      group, parameters, rows: outputGradient.rows, addingTo: gradient
    ) { unit, pass in
      group.load(unit, of: outputGradient, place: last, into: pass.slopes)
      settle(
        pass, pass.slopes, 0..<group.valueCount(last), place: last,
        { values[$0].row(unit) })
      let slopes = backward(
        pass, { values[$0].row(unit) }, wantsInput: wantsInput)
      if let inputGradient {
        group.unload(slopes, place: 0, into: inputGradient, unit)
      }
    }
    return inputGradient
  }

  /// What one thread needs to take units back through a group.
  private struct BackwardPass {
    let group: ImageGroup
    let products: [PatchProducts<Scalar>?]
    /// Where the sums of each layer's weights begin.
    let weightOffsets: [Int]
    let weightSums: Batch<Scalar>
    /// The gradient of the group's parameters.
    let sums: UnsafeMutablePointer<Scalar>
    let buffers: Batch<Scalar>
    let scratch: Batch<Scalar>

    /// Where the gradient of a unit's output is put.
    var slopes: UnsafeMutablePointer<Scalar> { buffers.row(0) }
  }

  /// Calls `body` with every unit and adds up, in order, the gradients of the
  /// parameters that it leaves.
  private func backward(
    _ group: ImageGroup, _ parameters: UnsafePointer<Scalar>, rows: Int,
    addingTo gradient: UnsafeMutablePointer<Scalar>,
    _ body: (Int, BackwardPass) -> Void
  ) {
    let offset = parameterOffsets[group.layers.lowerBound]
    let count = group.layers.reduce(0) { $0 + layers[$1].parameterCount }
    let size = group.shapes.indices.map { group.valueCount($0) }.max() ?? 0
    let blocks = group.blocks(rows: rows)
    let partial = Batch<Scalar>(rows: blocks.count, columns: count)
    let products = products(group, parameters, forBackward: true)
    var weightOffsets: [Int] = []
    var weightCount = 0
    for product in products {
      weightOffsets.append(weightCount)
      weightCount += product?.weightCount ?? 0
    }

    Parallel.forEach(blocks.count) { block in
      let sums = partial.row(block)
      for index in 0..<count { sums[index] = 0 }
      let pass = BackwardPass(
        group: group, products: products, weightOffsets: weightOffsets,
        weightSums: Batch(rows: 1, columns: weightCount), sums: sums,
        buffers: Batch(rows: 2, columns: size), scratch: scratch(group))
      pass.weightSums.fill(0)
      for unit in blocks[block] { body(unit, pass) }
      for (place, index) in group.layers.enumerated() {
        products[place]?.unpack(
          pass.weightSums.values + weightOffsets[place],
          addingTo: sums + (parameterOffsets[index] - offset))
      }
    }
    SharedProduct.sumRows(of: partial, beta: 1, into: gradient + offset)
  }

  /// Takes some of a place's slopes back through the activation that made its
  /// values, if any did, and adds them to the gradient of the bias before it.
  private func settle(
    _ pass: BackwardPass, _ slopes: UnsafeMutablePointer<Scalar>,
    _ numbers: Range<Int>, place: Int,
    _ values: (Int) -> UnsafeMutablePointer<Scalar>
  ) {
    let first = pass.group.layers.lowerBound
    var index = first + place - 1
    guard index >= first else { return }
    if let activation = layers[index].activation {
      activation.backward(
        slopes + numbers.lowerBound, output: values(place) + numbers.lowerBound,
        count: numbers.count)
      index -= 1
    }
    guard index >= first, let offset = biasOffset(index) else { return }
    let sums = pass.sums + (offset - parameterOffsets[first])
    pass.group.sumPixels(slopes, numbers, place: place, to: sums)
  }

  /// Takes one unit, whose slopes are set and settled, back through a group;
  /// gives the gradient of the input when it is wanted.
  ///
  /// - Parameter values: As for `forward`.
  @inline(__always) @discardableResult
  private func backward(
    _ pass: BackwardPass, _ values: (Int) -> UnsafeMutablePointer<Scalar>,
    wantsInput: Bool
  ) -> UnsafeMutablePointer<Scalar> {
    var current = pass.buffers.row(0)
    var spare = pass.buffers.row(1)
    for (place, index) in pass.group.layers.enumerated().reversed() {
      guard let products = pass.products[place] else { continue }
      let target = spare
      let wanted = place > 0 || wantsInput ? target : nil
      let weightSums = pass.weightSums.values + pass.weightOffsets[place]
      func finish(_ numbers: Range<Int>) {
        settle(pass, target, numbers, place: place, values)
      }
      if case .convolution(let layer) = layers[index] {
        layer.backward(
          current, input: values(place), products, weightSums: weightSums,
          into: wanted, scratch: pass.scratch.values, finish: finish)
      } else if case .transposedConvolution(let layer) = layers[index] {
        layer.backward(
          current, input: values(place), products, weightSums: weightSums,
          into: wanted, scratch: pass.scratch.values, finish: finish)
      }
      swap(&current, &spare)
    }
    return current
  }
}

// MARK: Forward and backward in one

extension Network {
  /// The mean squared error of the outputs, with the inputs as their targets,
  /// whose gradient is added to that of the parameters.
  ///
  /// Each unit goes forward and back before the next, while its values are in
  /// the cache: what `record`, `meanSquaredError` and `backward` give, up to
  /// rounding, in less time. Nil, and nothing done, when a layer looks at
  /// whole batches.
  package func reconstructionError(
    of batch: Batch<Scalar>, addingTo gradient: inout [Scalar]
  ) -> Double? {
    guard case .group(let group) = step(steps(0..<layers.count)[0]),
      group.layers.count == layers.count, layers[0].output != nil
    else { return nil }
    let factor = Scalar(2 / Double(batch.count))
    var squares = [Double](repeating: 0, count: batch.rows)
    gradient.withUnsafeMutableBufferPointer { gradient in
      parameters.withUnsafeBufferPointer { parameters in
        squares.withUnsafeMutableBufferPointer { squares in
          let squares = squares.mutableStart
          let products = products(
            group, parameters.start, forBackward: false)
          backward(
            group, parameters.start, rows: batch.rows,
            addingTo: gradient.mutableStart
          ) { unit, pass in
            let values = values(group, units: 1)
            let image = values[0].values
            let result = values[layers.count].values
            group.load(unit, of: batch, place: 0, into: image)
            group.clearBorder(pass.slopes, place: layers.count)
            forward(
              group, parameters.start, products, { values[$0].values },
              pass.scratch
            ) { numbers in
              group.addSquaredErrors(
                of: result, from: image, numbers, slopes: pass.slopes,
                factor: factor, unit, of: batch, to: squares)
              settle(
                pass, pass.slopes, numbers, place: layers.count,
                { values[$0].values })
            }
            backward(pass, { values[$0].values }, wantsInput: false)
          }
        }
      }
    }
    return squares.reduce(0, +) / Double(batch.count)
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
  fileprivate var mutableStart: UnsafeMutablePointer<Element> {
    guard let baseAddress else {
      preconditionFailure("a network has parameters")
    }
    return baseAddress
  }
}
