import Execution

/// Convolutions and activations that follow each other, and how images go
/// through them; see `ConvolutionEngine`.
struct ConvolutionPass<Engine: ConvolutionEngine> {
  typealias Scalar = Engine.Scalar

  private struct Stage {
    let convolution: Convolution
    var activation: Activation?
    /// Where the parameters begin: weights, then the bias.
    let offset: Int

    var biasOffset: Int? {
      convolution.hasBias ? offset + convolution.geometry.weightCount : nil
    }
  }

  /// Of the input, in place.
  private var firstActivation: Activation?
  private var stages: [Stage] = []
  /// The shapes at every place.
  private var shapes: [ImageShape]
  private var parameterCount = 0

  private var last: Int { stages.count }

  /// Nil unless the engine supports all layers.
  init?(_ layers: ArraySlice<Layer>, input: ImageShape) {
    guard layers.allSatisfy(Engine.supports) else { return nil }
    shapes = [input]
    for layer in layers {
      switch layer {
      case .convolution(let convolution):
        stages.append(
          Stage(convolution: convolution, offset: parameterCount))
        shapes.append(convolution.output)
        parameterCount += convolution.parameterCount
      case .activation(let activation):
        if stages.isEmpty {
          firstActivation = activation
        } else {
          stages[stages.count - 1].activation = activation
        }
      case .linear, .batchNormalization: return nil
      }
    }
  }

  /// The activation that made a place's values.
  private func activation(before place: Int) -> Activation? {
    place == 0 ? firstActivation : stages[place - 1].activation
  }

  private func layout(_ place: Int) -> Engine.Layout {
    Engine.Layout(shape: shapes[place])
  }

  private func engines(
    _ parameters: UnsafePointer<Scalar>, backward isBackward: Bool
  ) -> [Engine] {
    stages.map {
      Engine(
        $0.convolution.geometry, weights: parameters + $0.offset,
        spreads: $0.convolution.isTransposed != isBackward)
    }
  }

  /// Memory for the values of some units at every place.
  private func values(units: Int) -> [Batch<Scalar>] {
    shapes.indices.map {
      Batch(rows: units, columns: layout($0).valueCount)
    }
  }

  private func scratch() -> Batch<Scalar> {
    let counts = stages.map { Engine.scratchCount($0.convolution.geometry) }
    return Batch(rows: 1, columns: counts.max() ?? 0)
  }
}

// MARK: Units

extension ConvolutionPass {
  private func unitCount(rows: Int) -> Int {
    let size = Engine.Layout.imageCount
    return (rows + size - 1) / size
  }

  private func rows(_ unit: Int, of batch: Batch<Scalar>) -> Range<Int> {
    let size = Engine.Layout.imageCount
    return unit * size..<min((unit + 1) * size, batch.rows)
  }

  /// Units that one thread takes at a time: a twelfth of them at first, since
  /// every block has gradients of its own, and fewer towards the end, so that
  /// the threads finish together.
  private func blocks(rows: Int) -> [Range<Int>] {
    let count = unitCount(rows: rows)
    // At least four images.
    let least = max(4 / Engine.Layout.imageCount, 1)
    var blocks: [Range<Int>] = []
    var start = 0
    while start < count {
      let size = max(least, min((count + 11) / 12, (count - start + 5) / 6))
      let end = min(start + size, count)
      blocks.append(start..<end)
      start = end
    }
    return blocks
  }

  private func load(
    _ unit: Int, of batch: Batch<Scalar>, place: Int,
    into values: UnsafeMutablePointer<Scalar>
  ) {
    let rows = rows(unit, of: batch)
    layout(place).load(
      batch.pointer(toRow: rows.lowerBound), count: rows.count, into: values)
  }

  private func unload(
    _ values: UnsafePointer<Scalar>, place: Int, into batch: Batch<Scalar>,
    _ unit: Int
  ) {
    let rows = rows(unit, of: batch)
    layout(place).unload(
      values, count: rows.count, into: batch.pointer(toRow: rows.lowerBound))
  }
}

// MARK: Forward

extension ConvolutionPass {
  /// The values at every place, a row for every unit, and the output, a row
  /// for every image.
  func record(
    _ input: Batch<Scalar>, _ parameters: UnsafePointer<Scalar>
  ) -> (values: [Batch<Scalar>], output: Batch<Scalar>) {
    let values = values(units: unitCount(rows: input.rows))
    return (values, forward(input, parameters, recording: values))
  }

  /// The output of the last layer, a row for every image.
  ///
  /// - Parameter recorded: Gets the values at every place, unless nil.
  func forward(
    _ input: Batch<Scalar>, _ parameters: UnsafePointer<Scalar>,
    recording recorded: [Batch<Scalar>]? = nil
  ) -> Batch<Scalar> {
    let engines = engines(parameters, backward: false)
    let result = Batch<Scalar>(rows: input.rows, columns: shapes[last].count)
    let blocks = blocks(rows: input.rows)
    Parallel.forEach(blocks.count) { block in
      let scratch = scratch()
      let batches = recorded ?? values(units: 1)
      for unit in blocks[block] {
        let row = recorded == nil ? 0 : unit
        func values(_ place: Int) -> UnsafeMutablePointer<Scalar> {
          batches[place].pointer(toRow: row)
        }
        load(unit, of: input, place: 0, into: values(0))
        forward(engines, parameters, values, scratch)
        unload(values(last), place: last, into: result, unit)
      }
    }
    return result
  }

  /// Takes one unit from the first place to the last.
  ///
  /// - Parameters:
  ///   - values: Where the values of every place are.
  ///   - finish: Called with the numbers of the output that are finished, while
  ///     they are in the cache.
  @inline(__always)
  private func forward(
    _ engines: [Engine], _ parameters: UnsafePointer<Scalar>,
    _ values: (Int) -> UnsafeMutablePointer<Scalar>, _ scratch: Batch<Scalar>,
    finish: (Range<Int>) -> Void = { _ in }
  ) {
    firstActivation?.forward(values(0), count: layout(0).valueCount)
    for (place, stage) in stages.enumerated() {
      let engine = engines[place]
      let (from, to) = (values(place), values(place + 1))
      let bias = stage.biasOffset.map { parameters + $0 }
      func finishing(_ numbers: Range<Int>) {
        stage.activation?.forward(
          to + numbers.lowerBound, count: numbers.count)
        if place + 1 == last { finish(numbers) }
      }
      if stage.convolution.isTransposed {
        engine.spread(
          from, bias: bias, into: to, scratch: scratch.values,
          finish: finishing)
      } else {
        engine.correlate(
          engine.gather(from, scratch: scratch.values), bias: bias, into: to,
          finish: finishing)
      }
    }
  }
}

// MARK: Backward

extension ConvolutionPass {
  /// Adds to the gradient of the parameters and gives, when it is wanted, the
  /// gradient of the input.
  ///
  /// - Parameter values: What `record` gave.
  func backward(
    _ outputGradient: Batch<Scalar>, _ values: [Batch<Scalar>],
    _ parameters: UnsafePointer<Scalar>,
    addingTo gradient: UnsafeMutablePointer<Scalar>, wantsInputGradient: Bool
  ) -> Batch<Scalar>? {
    let inputGradient =
      wantsInputGradient
      ? Batch<Scalar>(
        rows: outputGradient.rows, columns: shapes[0].count) : nil
    forEachUnit(
      parameters, rows: outputGradient.rows, addingTo: gradient
    ) { unit, workspace in
      load(
        unit, of: outputGradient, place: last, into: workspace.outputGradient)
      finish(
        workspace.outputGradient, 0..<layout(last).valueCount, place: last,
        workspace, { values[$0].pointer(toRow: unit) })
      let result = backward(
        workspace, { values[$0].pointer(toRow: unit) },
        wantsInputGradient: wantsInputGradient)
      if let inputGradient {
        unload(result, place: 0, into: inputGradient, unit)
      }
    }
    return inputGradient
  }

  /// What one thread needs to take units back.
  private struct Workspace {
    let engines: [Engine]
    /// The gradient of the weights, as the engines keep it.
    let weightSums: Batch<Scalar>
    /// The gradient of the bias and, in the end, of all parameters.
    let sums: UnsafeMutablePointer<Scalar>
    let gradients: Batch<Scalar>
    let scratch: Batch<Scalar>

    /// Where the gradient of a unit's output is put.
    var outputGradient: UnsafeMutablePointer<Scalar> {
      gradients.pointer(toRow: 0)
    }
  }

  /// Calls `body` with every unit and adds up, in order, the gradients of the
  /// parameters that it leaves.
  private func forEachUnit(
    _ parameters: UnsafePointer<Scalar>, rows: Int,
    addingTo gradient: UnsafeMutablePointer<Scalar>,
    _ body: (Int, Workspace) -> Void
  ) {
    let size = shapes.indices.map { layout($0).valueCount }.max() ?? 0
    let engines = engines(parameters, backward: true)
    Batch.addOrderedSum(
      over: blocks(rows: rows), to: gradient, count: parameterCount
    ) { block, sums in
      let workspace = Workspace(
        engines: engines,
        weightSums: Batch(rows: 1, columns: parameterCount), sums: sums,
        gradients: Batch(rows: 2, columns: size), scratch: scratch())
      workspace.weightSums.fill(0)
      for unit in block { body(unit, workspace) }
      for (stage, engine) in zip(stages, engines) {
        engine.unpack(
          workspace.weightSums.values + stage.offset,
          addingTo: sums + stage.offset)
      }
    }
  }

  /// Takes some numbers of the gradient at a place back through the activation
  /// that made its values, if any did, and adds them to the gradient of the
  /// bias before it.
  private func finish(
    _ gradient: UnsafeMutablePointer<Scalar>, _ numbers: Range<Int>,
    place: Int, _ workspace: Workspace,
    _ values: (Int) -> UnsafeMutablePointer<Scalar>
  ) {
    activation(before: place)?.backward(
      gradient + numbers.lowerBound,
      output: values(place) + numbers.lowerBound, count: numbers.count)
    guard place > 0, let offset = stages[place - 1].biasOffset else { return }
    layout(place).sumPixels(gradient, numbers, to: workspace.sums + offset)
  }

  /// Takes one unit, the gradient of whose output is finished, back to the
  /// first place; gives the gradient of the input when it is wanted.
  ///
  /// - Parameter values: As for `forward`.
  @inline(__always) @discardableResult
  private func backward(
    _ workspace: Workspace, _ values: (Int) -> UnsafeMutablePointer<Scalar>,
    wantsInputGradient: Bool
  ) -> UnsafeMutablePointer<Scalar> {
    var current = workspace.gradients.pointer(toRow: 0)
    var spare = workspace.gradients.pointer(toRow: 1)
    let scratch = workspace.scratch.values
    for (place, stage) in stages.enumerated().reversed() {
      let engine = workspace.engines[place]
      let (outputGradient, target) = (current, spare)
      func finishing(_ numbers: Range<Int>) {
        finish(target, numbers, place: place, workspace, values)
      }
      let isTransposed = stage.convolution.isTransposed
      let gathered = engine.gather(
        isTransposed ? outputGradient : values(place), scratch: scratch)
      engine.addWeightGradient(
        gathered, small: isTransposed ? values(place) : outputGradient,
        to: workspace.weightSums.values + stage.offset)
      if place > 0 || wantsInputGradient {
        if isTransposed {
          engine.correlate(
            gathered, bias: nil, into: target, finish: finishing)
        } else {
          engine.spread(
            outputGradient, bias: nil, into: target, scratch: scratch,
            finish: finishing)
        }
      }
      swap(&current, &spare)
    }
    return current
  }
}

// MARK: Forward and backward in one

extension ConvolutionPass {
  /// The mean squared error of the outputs, with the inputs as their targets,
  /// whose gradient is added to that of the parameters.
  ///
  /// Each unit goes forward and back before the next, while its values are in
  /// the cache: what `record`, `meanSquaredError` and `backward` give, up to
  /// rounding, in less time. Nil, and nothing done, when an activation changes
  /// the inputs.
  func reconstructionError(
    of batch: Batch<Scalar>, _ parameters: UnsafePointer<Scalar>,
    addingTo gradient: UnsafeMutablePointer<Scalar>
  ) -> Double? {
    guard firstActivation == nil else { return nil }
    let factor = Scalar(2 / Double(batch.count))
    let squares = Batch<Double>(rows: batch.rows, columns: 1)
    squares.fill(0)
    let engines = engines(parameters, backward: false)
    forEachUnit(
      parameters, rows: batch.rows, addingTo: gradient
    ) { unit, workspace in
      let values = values(units: 1)
      let image = values[0].values
      let result = values[last].values
      let rows = rows(unit, of: batch)
      load(unit, of: batch, place: 0, into: image)
      layout(last).clearBorder(workspace.outputGradient)
      forward(
        engines, parameters, { values[$0].values }, workspace.scratch
      ) { numbers in
        Engine.Layout.addSquaredErrors(
          of: result, from: image, numbers,
          gradient: workspace.outputGradient, factor: factor,
          count: rows.count, to: squares.pointer(toRow: rows.lowerBound))
        finish(
          workspace.outputGradient, numbers, place: last, workspace,
          { values[$0].values })
      }
      backward(workspace, { values[$0].values }, wantsInputGradient: false)
    }
    return squares.array.reduce(0, +) / Double(batch.count)
  }
}
