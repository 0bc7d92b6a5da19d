// A point or a rectangle on the case, in shares of its width and height.

/** Begin to draw one; asked for again, stop. */
function takeTool(tool) {
  viewed.tool = viewed.tool === tool ? "" : tool
  if (viewed.tool && viewed.at !== viewed.facts.at) turnTo(viewed.facts.at)
  paintSoon()
}

/** A mark between two places of the scan, kept inside of it. */
function markBetween(tool, from, to) {
  const inside = (share) => Math.round(Math.min(1, Math.max(0, share)) * 1e5) / 1e5
  const end = tool === "point" ? from : to
  const [x0, x1] = [inside(from.x), inside(end.x)].sort((a, b) => a - b)
  const [y0, y1] = [inside(from.y), inside(end.y)].sort((a, b) => a - b)
  return { kind: tool, x0, y0, x1, y1 }
}

/** Keep a mark, or none, and let Python know. */
function keepMark(mark) {
  viewed.mark = mark
  viewed.tool = ""
  viewed.tell?.("mark", { key: viewed.key, mark })
  paintSoon()
}

/** A mark as a path in the unit square, or as a cross of px around a point. */
function drawMark(context, mark, matrix, colour, dashed) {
  const path = new Path2D()
  if (mark.kind === "rectangle") {
    path.rect(mark.x0, mark.y0, mark.x1 - mark.x0, mark.y1 - mark.y0)
    strokeTwice(context, path, matrix, colour, dashed)
    return
  }
  const { x, y } = new DOMPoint(mark.x0, mark.y0).matrixTransform(matrix)
  for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
    path.moveTo(x + 5 * dx, y + 5 * dy)
    path.lineTo(x + 14 * dx, y + 14 * dy)
  }
  strokeTwice(context, path, new DOMMatrix(), colour, dashed)
}
