import Diagnostics
import Execution
import LinearAlgebra

/// Solves the dual of the one-class support vector machine.
///
/// In LIBSVM's scale, where the bound is 1 instead of 1 / (ν l), the problem of
/// Schölkopf, Platt, Shawe-Taylor, Smola and Williamson (2001) is
///
///     min f(α) = ½ αᵀKα   subject to   0 ≤ α_t ≤ 1,   eᵀα = ν l;         (1)
///
/// its gradient is G = Kα. With all labels y_t = 1, the symbols of Fan, Chen
/// and Lin (2005) are
///
///     I_up = {t | α_t < 1},   I_low = {t | α_t > 0},                     (2)
///     m(α) = max {-G_t | t ∈ I_up},   M(α) = min {-G_t | t ∈ I_low},     (3)
///
/// and α solves (1) up to the tolerance ε when m(α) - M(α) < ε. Until then two
/// variables are changed at a time, chosen by their WSS 2:
///
///     i ∈ argmax {-G_t | t ∈ I_up},                                      (4)
///     j ∈ argmax {b_it² / a_it | t ∈ I_low, G_t > G_i},                  (5)
///     a_it = K_ii + K_tt - 2 K_it,   b_it = G_t - G_i,
///     α_i ← α_i + δ,   α_j ← α_j - δ,   δ = b_ij / a_ij cut off at (1).  (6)
///
/// Variables at a bound that m(α) and M(α) hold there are shrunk for a time,
/// as in LIBSVM (Chang and Lin 2011):
///
///     α_t = 1 and -G_t > m(α),   or   α_t = 0 and -G_t < M(α).           (7)
///
/// Three things differ from LIBSVM, none of which changes the problem or the
/// test for its end. Kernel rows are computed by the block, those that will be
/// needed next with the one that is. The gradient of the shrunk variables is
/// brought up to date from the α that changed since it was last exact. And the
/// start is the solution for a part of the points (`extend`).
final class SequentialMinimalOptimization {
  struct ParameterSettings {
    var nu: Double
    var tolerance: Double
    var shrinking: Bool
    var maxIterations: Int
    var cacheElements: Int
  }

  private let settings: ParameterSettings
  private let context: RunContext

  /// The points; the solver moves them so that the problem of the moment is
  /// always a prefix.
  private var points: ScaledPoints
  /// Where the point at each position stood at the start.
  private(set) var order: [Int]
  private(set) var alpha: [Double]
  /// G; outside the active positions, that of `exactAlpha`.
  private(set) var gradient: [Double]
  /// α and G when the gradient was last exact everywhere.
  private var exactAlpha: [Double]
  private var exactGradient: [Double]
  /// l, the number of points in the problem.
  private var l = 0
  /// The positions below are not shrunk.
  private var active = 0
  private let cache: KernelRowCache

  /// How many kernel rows are computed at once, and when it was last done.
  private var rowsAtATime = 128
  private var iterationsAtMiss = 0

  private(set) var iterations = 0
  /// m(α) - M(α) over all points, see (3).
  private(set) var gap = Double.infinity

  init(
    _ points: ScaledPoints, _ settings: ParameterSettings,
    in context: RunContext
  ) {
    self.points = points
    self.settings = settings
    self.context = context
    order = Array(0..<points.count)
    alpha = [Double](repeating: 0, count: points.count)
    gradient = alpha
    exactAlpha = alpha
    exactGradient = alpha
    cache = KernelRowCache(
      elements: settings.cacheElements, longestRow: points.count)
  }

  /// f(α).
  var objective: Double {
    0.5 * zip(alpha, gradient).reduce(0) { $0 + $1.0 * $1.1 }
  }

  /// ρ: the gradient of the free variables (their mean), or else the middle of
  /// the interval that the conditions of optimality leave it.
  var rho: Double {
    var free = (sum: 0.0, count: 0)
    var lower = -Double.infinity
    var upper = Double.infinity
    for (a, g) in zip(alpha, gradient) {
      if a >= 1 {
        lower = max(lower, g)
      } else if a <= 0 {
        upper = min(upper, g)
      } else {
        free.sum += g
        free.count += 1
      }
    }
    if free.count > 0 { return free.sum / Double(free.count) }
    if upper == .infinity { return lower }
    return lower == -.infinity ? upper : (lower + upper) / 2
  }

  func solve() throws {
    for size in levels {
      try extend(to: size)
      try optimize()
    }
  }

  // MARK: The start

  /// The sizes of the nested problems: each a quarter of the next.
  private var levels: [Int] {
    var levels = [points.count]
    while let last = levels.last, last > 512 { levels.append(last / 4) }
    return levels.reversed()
  }

  /// Takes the points up to `size` into the problem and gives all α a start.
  ///
  /// The expansion that was found for the part estimates, at every point, the
  /// gradient g_t that the other points cause. Were it right, the best α would
  /// be α_t = min(1, max(0, ρ - g_t)), with ρ such that their sum is ν l. The
  /// points with the highest estimates are shrunk at once.
  private func extend(to size: Int) throws {
    let old = l
    l = size
    active = l
    cache.reset(rowLength: l)
    if old == 0 {
      for t in 0..<l { alpha[t] = settings.nu }
    }
    try addExpansion(alpha, to: old..<l)
    let growth = settings.nu * Double(l) / alpha[..<l].reduce(0, +)
    let g = (0..<l).map { growth * (gradient[$0] - alpha[$0]) }
    if old == 0 {
      // Most α will vanish: cheaper to expand than to change.
      gradient = exactGradient
    } else {
      exactAlpha = alpha
      exactGradient = gradient
    }
    alpha.replaceSubrange(
      ..<l, with: responses(to: g, sum: settings.nu * Double(l)))
    if settings.shrinking, old > 0 {
      let fraction = settings.nu * (1 + Self.margin * (1 - settings.nu))
      let limit = g.sorted()[min(l - 1, Int(Double(l) * fraction))]
      keep((0..<l).filter { alpha[$0] > 0 || g[$0] < limit })
    }
    try addExpansion(changes, to: 0..<active)
  }

  /// How many more than the fraction ν of the points start as active, as a part
  /// of that fraction.
  ///
  /// By measurement: with fewer the rest often has to come back, with more the
  /// start is dearer.
  private static let margin = 0.5

  /// min(1, max(0, ρ - g_t)) for the ρ that makes the sum right.
  private func responses(to g: [Double], sum: Double) -> [Double] {
    func response(_ g: Double, _ rho: Double) -> Double {
      let response = min(1, max(0, rho - g))
      // What only rounding keeps from the bound is at the bound.
      return response > 1 - 1e-12 ? 1 : response < 1e-12 ? 0 : response
    }
    var lower = g.min() ?? 0
    var upper = (g.max() ?? 0) + 2
    for _ in 0..<60 {
      let middle = (lower + upper) / 2
      if g.reduce(0, { $0 + response($1, middle) }) < sum {
        lower = middle
      } else {
        upper = middle
      }
    }
    var responses = g.map { response($0, upper) }
    // What rounding left over goes where there is room.
    var excess = responses.reduce(0, +) - sum
    for t in responses.indices where responses[t] > 0 && responses[t] < 1 {
      let changed = min(1, max(0, responses[t] - excess))
      excess -= responses[t] - changed
      responses[t] = changed
    }
    return responses
  }

  // MARK: The iteration

  private func optimize() throws {
    while true {
      let before = iterations
      try iterate()
      try synchronize()
      let violation = currentViolation()
      gap = max(0, violation.gap)
      guard gap >= settings.tolerance, iterations > before else { return }
      if settings.shrinking { shrink(violation) }
    }
  }

  /// Iterates on the active variables until they are optimal.
  private func iterate() throws {
    let shrinkingInterval = min(l, 1000)
    var violation = currentViolation()
    var untilShrinking = shrinkingInterval
    while violation.gap >= settings.tolerance,
      iterations < settings.maxIterations
    {
      if iterations % 64 == 0 {
        try context.cancellation.check()
        report(
          "one-class SVM: solving", iterations,
          detail: "gap \(Float(violation.gap))")
      }
      if untilShrinking == 0 {
        untilShrinking = shrinkingInterval
        if settings.shrinking {
          shrink(violation)
          violation = currentViolation()
        }
      }
      guard let next = try improve(violation) else { break }
      violation = next
      iterations += 1
      untilShrinking -= 1
    }
  }

  /// One step: chooses j for the i of the violation by (5), and changes both.
  private func improve(
    _ violation: WorkingSet.Violation
  ) throws -> WorkingSet.Violation? {
    guard let i = violation.i else { return nil }
    try provideRow(i, violation)
    guard let rowI = cache.find(i) else { return nil }
    let second = alpha.withUnsafeBufferPointer { alpha in
      gradient.withUnsafeBufferPointer { gradient in
        WorkingSet.selectSecond(
          gradient: gradient, alpha: alpha,
          count: active, lowestUp: violation.lowestUp, rowI: rowI)
      }
    }
    guard let j = second else { return nil }
    try provideRow(j, violation)
    guard let rowJ = cache.find(j) else { return nil }

    // Equation (6).
    let b = gradient[j] - gradient[i]
    let a = Double(max(2 - 2 * rowI[j], WorkingSet.tau))
    let step = min(b / a, 1 - alpha[i], alpha[j])
    alpha[i] = step == 1 - alpha[i] ? 1 : alpha[i] + step
    alpha[j] = step == alpha[j] ? 0 : alpha[j] - step
    return updateGradient(step: step, rows: (rowI, rowJ))
  }

  private func currentViolation() -> WorkingSet.Violation {
    updateGradient(step: 0, rows: nil)
  }

  private func updateGradient(
    step: Double, rows: (i: UnsafePointer<Float>, j: UnsafePointer<Float>)?
  ) -> WorkingSet.Violation {
    alpha.withUnsafeBufferPointer { alpha in
      gradient.withUnsafeMutableBufferPointer { gradient in
        WorkingSet.update(
          gradient: gradient, alpha: alpha,
          count: active, step: step, rows: rows)
      }
    }
  }

  // MARK: Shrinking

  /// Takes the variables of (7) out of the problem.
  private func shrink(_ violation: WorkingSet.Violation) {
    let kept = (0..<active).filter { t in
      (alpha[t] < 1 || gradient[t] >= violation.lowestUp)
        && (alpha[t] > 0 || gradient[t] <= violation.highestLow)
    }
    // Moving points costs time, too.
    if kept.count * 10 < active * 9 { keep(kept) }
  }

  /// Makes only some of the active variables active.
  private func keep(_ kept: [Int]) {
    guard kept.count < active else { return }
    for (target, source) in kept.enumerated() where target != source {
      swapAt(target, source)
    }
    gradient.replaceSubrange(
      kept.count..<active, with: exactGradient[kept.count..<active])
    cache.keep(kept)
    active = kept.count
  }

  private func swapAt(_ first: Int, _ second: Int) {
    points.swapAt(first, second)
    order.swapAt(first, second)
    alpha.swapAt(first, second)
    gradient.swapAt(first, second)
    exactAlpha.swapAt(first, second)
    exactGradient.swapAt(first, second)
  }

  // MARK: Kernel values

  /// α less the α for which the gradient was last exact everywhere.
  private var changes: [Double] {
    zip(alpha, exactAlpha).map { $0 - $1 }
  }

  /// Brings the gradient of the variables that are not active up to date, and
  /// makes them active.
  private func synchronize() throws {
    try addExpansion(changes, to: active..<l)
    exactAlpha = alpha
    exactGradient = gradient
    if active != l {
      active = l
      cache.reset(rowLength: l)
    }
  }

  /// G_t ← G_t + Σ_s w_s K_st for the t of `columns`.
  private func addExpansion(_ w: [Double], to columns: Range<Int>) throws {
    guard !columns.isEmpty else { return }
    let changed = w.indices.filter { w[$0] != 0 }
    let blocks = Parallel.blocks(
      columns.count, size: GaussianKernel.blockColumns)
    for panel in Parallel.blocks(changed.count, size: Self.panelRows) {
      let rows = points.selecting(changed[panel])
      let weights = changed[panel].map { w[$0] }
      gradient.withUnsafeMutableBufferPointer { gradient in
        let gradient = gradient
        rows.withSpan { rows in
          points.withSpan { points in
            Parallel.forEach(blocks.count) { index in
              if context.cancellation.isRequested { return }
              let block =
                columns.lowerBound + blocks[index].lowerBound..<columns
                .lowerBound + blocks[index].upperBound
              GaussianKernel.addWeightedSums(
                of: rows, weights: weights, at: points[block],
                to: UnsafeMutableBufferPointer(rebasing: gradient[block]))
            }
          }
        }
      }
      try context.cancellation.check()
      report(
        "one-class SVM: kernel sums over \(columns.count) rows",
        panel.upperBound, of: changed.count)
    }
  }

  /// How many points are gathered at a time to change the gradient.
  private static let panelRows = 1024

  /// Computes the kernel row of a variable if the cache has it not, together
  /// with those of the variables that violate the conditions most.
  private func provideRow(
    _ row: Int, _ violation: WorkingSet.Violation
  ) throws {
    guard !cache.contains(row) else { return }
    // As many at once as the iterations since the last time made use of.
    let used = 2 * (iterations - iterationsAtMiss)
    iterationsAtMiss = iterations
    rowsAtATime = max(
      8, min(128, used < rowsAtATime / 2 ? rowsAtATime / 2 : rowsAtATime * 2))
    let wanted =
      [row]
      + likelyRows(
        min(rowsAtATime, cache.capacity / 2) - 1, violation, besides: row)
    let rows = points.selecting(wanted[...])
    let targets = wanted.map { cache.claim($0) }
    let blocks = Parallel.blocks(active, size: GaussianKernel.blockColumns)
    rows.withSpan { rows in
      points.withSpan { points in
        nonisolated(unsafe) let targets = targets
        Parallel.forEach(blocks.count) { index in
          if context.cancellation.isRequested { return }
          let range = blocks[index]
          GaussianKernel.withBlock(rows: rows.count) { block in
            GaussianKernel.evaluate(rows, points[range], into: block)
            for (row, target) in targets.enumerated() {
              (target + range.lowerBound).update(
                from: block + row * GaussianKernel.blockColumns,
                count: range.count)
            }
          }
        }
      }
    }
    try context.cancellation.check()
  }

  /// The `count` variables not in the cache that are likely to be chosen soon:
  /// those farthest on the wrong side of the others.
  private func likelyRows(
    _ count: Int, _ violation: WorkingSet.Violation, besides row: Int
  ) -> [Int] {
    guard count > 0 else { return [] }
    var best: [(excess: Double, t: Int)] = []
    for t in 0..<active {
      let up = alpha[t] < 1 ? violation.highestLow - gradient[t] : 0
      let low = alpha[t] > 0 ? gradient[t] - violation.lowestUp : 0
      let excess = max(up, low)
      if best.count == count, excess <= best[count - 1].excess { continue }
      if t == row || cache.contains(t) { continue }
      if best.count == count { best.removeLast() }
      let place = best.lastIndex { $0.excess >= excess }.map { $0 + 1 } ?? 0
      best.insert((excess, t), at: place)
    }
    return best.map(\.t)
  }

  private func report(
    _ stage: String, _ completed: Int, of total: Int? = nil,
    detail: String? = nil
  ) {
    context.progress.report(
      ProgressReport(
        stage: stage, completed: completed, total: total, detail: detail))
  }
}
