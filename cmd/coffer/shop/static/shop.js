// Follows an order: asks the shop whether anything changed, and shows the page
// anew when it did. Without script the page still works: reload it by hand.
'use strict'
const order = document.querySelector('.order[data-moving]')
const link = document.getElementById('link')
if (link) link.addEventListener('focus', () => link.select())

async function follow(id, stamp) {
  let pause = 1000
  for (;;) {
    await new Promise((done) => setTimeout(done, pause))
    if (document.hidden) continue
    try {
      const answer = await fetch(`/orders/${id}/status`, { headers: { Accept: 'application/json' } })
      if (!answer.ok) throw new Error(String(answer.status))
      const now = await answer.json()
      if (now.stamp !== stamp) return location.reload()
      pause = 1000
    } catch {
      pause = Math.min(pause * 2, 15000) // the shop is away: it may be restarting
    }
  }
}
if (order) follow(order.dataset.order, order.dataset.stamp)
