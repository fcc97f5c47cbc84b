/** A module of its own in the bundle, read only when it is asked for; its table of exports is larger than what is read before it. */
// biome-ignore format: each name would take a line
export const [
  a1, a2, a3, b1, b2, b3, c1, c2, c3, d1, d2, d3, e1, e2, e3, f1, f2, f3, g1, g2, g3, h1, h2, h3, i1, i2,
  i3, j1, j2, j3, k1, k2, k3, l1, l2, l3, m1, m2, m3, n1, n2, n3, o1, o2, o3, p1, p2, p3, q1, q2, q3, r1,
  r2, r3, s1, s2, s3, t1, t2, t3, u1, u2, u3, v1, v2, v3, w1, w2, w3, x1, x2, x3, y1, y2, y3, z1, z2, z3,
] = new Array(78).fill(0);
